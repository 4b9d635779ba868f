using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using Xunit;
using static Onnx.TensorProto.Types;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>OnnxSegmenter with models of other programs.</summary>
public sealed class ForeignSegmenterTests(ForeignModels models) : IClassFixture<ForeignModels>
{
    private const int Size = 16;

    private static readonly OnnxModelOptions ImageNet = new() { Normalization = PixelNormalization.ImageNet };
    private static readonly string[] Colors = ["red", "green", "blue"];

    [Theory]
    [InlineData(ForeignModels.UNet)]
    [InlineData(ForeignModels.Transformer)]
    public void Masks_are_the_highest_scores_of_the_normalised_image(string name)
    {
        byte[] rgb = Noise(Size, Size);
        byte[,] expected = ByHand(models.At(name), rgb);
        Assert.True(expected.Cast<byte>().Distinct().Count() > 1);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(models.At(name), ImageNet);
        Assert.Equal((Size, Size, true), (segmenter.ImageHeight, segmenter.ImageWidth, segmenter.IsUnlocked));
        Assert.Equal(["class 0", "class 1", "class 2"], segmenter.ClassNames);
        Assert.Equal(expected, segmenter.Segment(rgb, Size, Size));
        foreach (bool seal in (bool[])[false, true])
        {
            string path = models.Protect(name, new OnnxProtectionOptions { Seal = seal });
            using OnnxSegmenter unlocked = OnnxSegmenter.Load(path, ImageNet, models.Key);
            Assert.True(unlocked.IsUnlocked);
            Assert.Equal(expected, unlocked.Segment(rgb, Size, Size));
            Assert.Throws<WrongKeyException>(() => OnnxSegmenter.Load(path, ImageNet, models.OtherKey));
        }
    }

    [Fact]
    public void Without_a_key_a_permuted_model_is_locked_and_a_sealed_one_refused()
    {
        byte[] rgb = Noise(Size, Size);
        string permuted = models.Protect(ForeignModels.UNet), closed = models.Protect(ForeignModels.UNet, new OnnxProtectionOptions { Seal = true });
        using OnnxSegmenter locked = OnnxSegmenter.Load(permuted, ImageNet), wrong = OnnxSegmenter.Load(permuted, ImageNet, models.OtherKey, verify: false);
        Assert.False(locked.IsUnlocked);
        byte[,] right = ByHand(models.At(ForeignModels.UNet), rgb);
        Assert.Equal(ByHand(permuted, rgb), locked.Segment(rgb, Size, Size));
        Assert.NotEqual(right, locked.Segment(rgb, Size, Size));
        Assert.NotEqual(right, wrong.Segment(rgb, Size, Size));
        Assert.Contains($"'{closed}': It is sealed", Assert.Throws<InvalidOperationException>(() => OnnxSegmenter.Load(closed, ImageNet)).Message);
        Assert.Contains("not protected", Assert.Throws<InvalidOperationException>(() => OnnxSegmenter.Load(models.At(ForeignModels.UNet), ImageNet, models.Key)).Message);
        Assert.Contains("OnnxModelOptions", Assert.Throws<InvalidDataException>(() => OnnxSegmenter.Load(models.At(ForeignModels.UNet))).Message);
    }

    // The class of a pixel is its strongest color: what goes in and comes out is seen in the mask.
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Bytes_channels_last_and_labels_are_found(bool isBgr, bool ofImageSize)
    {
        string path = Strongest(DataType.Uint8, [1, 2, 3, 3], axis: 3, labels: true);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, new OnnxModelOptions { ClassNames = Colors, IsBgr = isBgr, MasksOfImageSize = ofImageSize });
        // Red, green, blue; blue, green, green. Each twice as high and wide, where the mask has the image's size.
        byte[,] patches = { { 0, 1, 2 }, { 2, 1, 1 } };
        int times = ofImageSize ? 2 : 1;
        byte[,] expected = new byte[2 * times, 3 * times];
        byte[] rgb = new byte[expected.Length * 3];
        for (int i = 0; i < expected.Length; i++)
        {
            (int y, int x) = (i / (3 * times), i % (3 * times));
            byte color = patches[y / times, x / times];
            rgb[3 * i + color] = 200;
            expected[y, x] = isBgr ? (byte)(2 - color) : color;
        }
        Assert.Equal(Colors, segmenter.ClassNames);
        Assert.Equal(expected, segmenter.Segment(rgb, 2 * times, 3 * times));
    }

    [Fact]
    public void Scores_with_channels_last_are_found_by_the_number_of_classes()
    {
        // [1, 3, 3, 3] could be either; the input's place of the colors decides, or the option.
        string path = Strongest(DataType.Float, [1, 3, -1, 3], axis: 3, labels: false);
        var options = new OnnxModelOptions { Normalization = PixelNormalization.None, ImageWidth = 5 };
        Assert.Contains("ChannelsLast", Assert.Throws<InvalidOperationException>(() => OnnxSegmenter.Load(path, options)).Message);
        options.ChannelsLast = true;
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, options);
        byte[] rgb = Noise(3, 5);
        byte[,] mask = segmenter.Segment(rgb, 3, 5);
        for (int i = 0; i < 15; i++)
            Assert.Equal(rgb.AsSpan(3 * i, 3).IndexOf(rgb.AsSpan(3 * i, 3).ToArray().Max()), mask[i / 5, i % 5]);
    }

    // What TensorFlow's converters write for images with channels first.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_the_classes_are_is_found_from_the_shape_of_the_image(bool one)
    {
        AttributeProto order = new() { Name = "perm", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 0, 2, 3, 1 } };
        NodeProto[] nodes = [new NodeProto { OpType = "Transpose", Input = { "x" }, Output = { one ? "t" : "y" }, Attribute = { order } }];
        if (one)
            nodes = [.. nodes, new NodeProto { OpType = "ReduceMax", Input = { "t" }, Output = { "y" }, Attribute = { new AttributeProto { Name = "axes", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 3 } } } }];
        string path = models.Write(Graph(DataType.Float, [1, 3, 4, 6], DataType.Float, nodes));
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, new OnnxModelOptions { Normalization = PixelNormalization.None, Threshold = one ? 127.5f : null });
        byte[] rgb = Noise(4, 6);
        byte[,] mask = segmenter.Segment(rgb, 4, 6);
        for (int i = 0; i < 24; i++)
        {
            byte[] colors = rgb[(3 * i)..(3 * i + 3)];
            Assert.Equal(one ? (colors.Max() > 127 ? 1 : 0) : Array.IndexOf(colors, colors.Max()), mask[i / 6, i % 6]);
        }
    }

    [Fact]
    public void Scores_that_are_no_numbers_lose()
    {
        // log(x) of 0 is minus infinity, of -1 no number.
        string path = models.Write(Graph(DataType.Float, [1, 3, 2, 3], DataType.Float, new NodeProto { OpType = "Log", Input = { "x" }, Output = { "y" } }));
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, new OnnxModelOptions { Normalization = new PixelNormalization([1, 0, 0], [1, 1, 1]), ChannelsLast = false });
        Assert.Equal(
            new byte[,] { { 1, 2, 1 }, { 0, 1, 2 } },
            segmenter.Segment([0, 5, 0, 0, 0, 5, 0, 5, 4, 9, 5, 0, 0, 7, 0, 0, 0, 9], 2, 3));
    }

    [Fact]
    public void One_score_is_compared_with_the_threshold()
    {
        string path = models.Write(Graph(DataType.Float, [1, 3, 2, 2], DataType.Float, new NodeProto
        {
            OpType = "ReduceMax",
            Input = { "x" },
            Output = { "y" },
            Attribute = { new AttributeProto { Name = "axes", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1 } } },
        }));
        var options = new OnnxModelOptions { Normalization = PixelNormalization.ZeroToOne };
        Assert.Contains("Threshold", Assert.Throws<InvalidOperationException>(() => OnnxSegmenter.Load(path, options)).Message);
        options.Threshold = 0.5f;
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, options);
        Assert.Equal(new byte[,] { { 0, 1 }, { 1, 0 } }, segmenter.Segment([100, 0, 0, 0, 200, 0, 0, 0, 255, 127, 127, 127], 2, 2));
    }

    [Fact]
    public void What_the_graph_does_not_say_is_asked_for()
    {
        Refuse(models.At(ForeignModels.UNet), new OnnxModelOptions(), "Normalization is needed");
        Refuse(models.At(ForeignModels.UNet), new OnnxModelOptions { Normalization = PixelNormalization.ImageNet, ImageHeight = 32 }, "the network reads 16");
        Refuse(models.At(ForeignModels.UNet), new OnnxModelOptions { Normalization = PixelNormalization.ImageNet, ClassNames = ["a", "b"] }, "2 names");
        Refuse(models.At(ForeignModels.UNet), new OnnxModelOptions { Normalization = PixelNormalization.ImageNet, InputName = "y" }, "no input 'y'; it has 'image'");
        Refuse(models.At(ForeignModels.External), ImageNet, "four dimensions");
        string anySize = Strongest(DataType.Uint8, [1, -1, -1, 3], axis: 3, labels: true);
        Refuse(anySize, new OnnxModelOptions { ClassNames = Colors }, "ImageHeight is needed");
        Refuse(anySize, new OnnxModelOptions { ImageHeight = 4, ImageWidth = 4 }, "ClassNames is needed");
        string path = Strongest(DataType.Uint8, [1, 2, 2, 3], axis: 3, labels: true);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(path, new OnnxModelOptions { ClassNames = ["red", "green"] });
        Assert.Contains("label 2", Assert.Throws<InvalidDataException>(() => segmenter.Segment(Enumerable.Repeat<byte[]>([0, 0, 9], 4).SelectMany(pixel => pixel).ToArray(), 2, 2)).Message);
        Assert.Throws<ArgumentException>(() => new PixelNormalization([0, 0], [1, 1, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PixelNormalization([0, 0, 0], [1, 0, 1]));

        void Refuse(string model, OnnxModelOptions options, string message)
        {
            string text = Assert.Throws<InvalidOperationException>(() => OnnxSegmenter.Load(model, options)).Message;
            Assert.Contains(message, text);
            Assert.Contains($"'{model}'", text);
        }
    }

    private static byte[] Noise(int height, int width)
    {
        byte[] rgb = new byte[3 * height * width];
        new Random(1).NextBytes(rgb);
        return rgb;
    }

    // torchvision's normalisation, [1, 3, 16, 16] in, [1, 3, 16, 16] out.
    private static byte[,] ByHand(string path, byte[] rgb)
    {
        float[] values = new float[rgb.Length];
        for (int i = 0; i < rgb.Length; i++)
            values[i % 3 * Size * Size + i / 3] = (rgb[i] - ImageNormalization.Mean[i % 3]) / ImageNormalization.Deviation[i % 3];
        using var session = new InferenceSession(path);
        bool isHalf = session.InputMetadata["image"].ElementDataType == OnnxRuntime.Tensors.TensorElementType.Float16;
        long[] shape = [1, 3, Size, Size];
        using OrtValue input = isHalf ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (Float16)value), shape) : OrtValue.CreateTensorValueFromMemory(values, shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image"], [input], ["scores"]);
        float[] scores = isHalf ? Array.ConvertAll(outputs[0].GetTensorDataAsSpan<Float16>().ToArray(), value => (float)value) : outputs[0].GetTensorDataAsSpan<float>().ToArray();
        byte[,] mask = new byte[Size, Size];
        for (int i = 0; i < mask.Length; i++)
            mask[i / Size, i % Size] = (byte)Enumerable.Range(0, 3).MaxBy(channel => scores[channel * Size * Size + i]);
        return mask;
    }

    // x -> float -> the index of its largest channel, or the values themselves as scores.
    private string Strongest(DataType type, long[] shape, int axis, bool labels)
    {
        var nodes = new List<NodeProto> { new() { OpType = "Cast", Input = { "x" }, Output = { labels ? "f" : "y" }, Attribute = { Number("to", (long)DataType.Float) } } };
        if (labels)
            nodes.Add(new NodeProto { OpType = "ArgMax", Input = { "f" }, Output = { "y" }, Attribute = { Number("axis", axis), Number("keepdims", 0) } });
        return models.Write(Graph(type, shape, labels ? DataType.Int64 : DataType.Float, [.. nodes]));
    }

    private static AttributeProto Number(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    private static byte[] Graph(DataType input, long[] shape, DataType output, params NodeProto[] nodes)
    {
        var dimensions = new TensorShapeProto { Dim = { shape.Select((length, i) => length > 0 ? new TensorShapeProto.Types.Dimension { DimValue = length } : new TensorShapeProto.Types.Dimension { DimParam = $"d{i}" }) } };
        return new ModelProto
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 13 } },
            Graph = new GraphProto
            {
                Name = "strongest",
                Node = { nodes },
                Input = { new ValueInfoProto { Name = "x", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)input, Shape = dimensions } } } },
                Output = { new ValueInfoProto { Name = "y", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)output } } } },
            },
        }.ToByteArray();
    }
}
