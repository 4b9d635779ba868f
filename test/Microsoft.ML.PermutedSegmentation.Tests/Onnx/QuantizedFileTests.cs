using System.Globalization;
using Google.Protobuf;
using Onnx;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>ONNX files of 8 bits from strangers.</summary>
public sealed class QuantizedFileTests(QuantizedModel quantized) : IClassFixture<QuantizedModel>
{
    [Theory]
    [InlineData("backbone.layer1.0.conv1.weight_scale", "missing", "missing")]
    [InlineData("backbone.layer2.0.conv2.weight", "missing", "missing")]
    [InlineData("image/normal/scale", "missing", "missing")]
    [InlineData("backbone.conv1.relu/zero_point", "missing", "missing")]
    [InlineData("image/normal/scale", "value NaN", "the value NaN")]
    [InlineData("image/normal/scale", "value 0", "the value 0")]
    [InlineData("backbone.conv1.relu/scale", "value -1", "the value -1")]
    [InlineData("backbone.layer1.0.conv1.weight_scale", "value Infinity", "cannot be a scale")]
    [InlineData("backbone.layer1.0.conv1.weight_scale", "value 1E-30", "cannot be a scale")]
    [InlineData("backbone.layer1.0.conv1.weight_scale", "dimension 63", "[64]")]
    [InlineData("image/normal/scale", "dimension 1", "32-bit floats")]
    [InlineData("image/normal/zero_point", "type Int8", "bytes")]
    [InlineData("backbone.layer1.0.conv1.weight", "type Float", "8-bit integers")]
    [InlineData("backbone.layer1.0.conv1.weight", "two bytes", "2 bytes")]
    [InlineData("backbone.layer1.0.conv1.weight", "dimension 9223372036854775807", "[64, 64, 3, 3]")]
    [InlineData("backbone.layer1.0.conv1.bias", "type Float", "32-bit integers")]
    [InlineData("classifier.4.weight", "type Int8", "32-bit floats")]
    [InlineData("classifier.4.bias", "value NaN", "NaN")]
    public void What_cannot_be_run_is_refused_by_name(string name, string damage, string message)
    {
        ModelProto model = quantized.Parse();
        TensorProto tensor = model.Graph.Initializer.Single(tensor => tensor.Name == name);
        switch (damage.Split(' '))
        {
            case ["missing"]:
                model.Graph.Initializer.Remove(tensor);
                break;
            case ["value", var value]:
                byte[] values = tensor.RawData.ToByteArray();
                BitConverter.TryWriteBytes(values, float.Parse(value, CultureInfo.InvariantCulture));
                tensor.RawData = ByteString.CopyFrom(values);
                break;
            case ["dimension", var length]:
                tensor.Dims.Insert(0, long.Parse(length, CultureInfo.InvariantCulture));
                break;
            case ["type", var type]:
                tensor.DataType = (int)Enum.Parse<TensorProto.Types.DataType>(type);
                break;
            default:
                tensor.RawData = ByteString.CopyFrom(1, 2);
                break;
        }
        string told = Assert.Throws<InvalidDataException>(() => Load(model.ToByteArray()).Dispose()).Message;
        Assert.Contains($"'{name}'", told);
        Assert.Contains(message, told);
    }

    [Fact]
    public void A_single_layer_of_bytes_does_not_make_a_network_of_them()
    {
        ModelProto model = quantized.Exported.Parse();
        model.MetadataProps.Remove(model.MetadataProps.Single(entry => entry.Key == "sha256"));
        model.Graph.Initializer.Single(tensor => tensor.Name == "backbone.layer1.0.conv1.weight").DataType = (int)TensorProto.Types.DataType.Int8;
        Assert.Contains("'image/normal/scale' are missing", Assert.Throws<InvalidDataException>(() => Load(model.ToByteArray()).Dispose()).Message);
    }

    private static OnnxSegmenter Load(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return OnnxSegmenter.Load(stream);
    }
}
