using Google.Protobuf;
using Onnx;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>ONNX files from strangers.</summary>
public sealed class OnnxFileTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    [Fact]
    public void What_is_read_is_what_was_written()
    {
        using FileStream stream = File.OpenRead(exported.Path);
        var (description, tensors, _) = OnnxFile.Read(stream);
        ModelDescription expected = exported.Locked.Model.Description;
        Assert.Equal(ModelMetadata.Write(expected), ModelMetadata.Write(description));
        Assert.Equal(exported.Parse().Graph.Initializer.Select(tensor => tensor.Name), tensors.Keys);
    }

    [Fact]
    public void Files_that_are_something_else_are_refused()
    {
        Refuse([]);
        Refuse("this is no ONNX file, but a text of some length"u8.ToArray());
        Refuse(exported.Path[..4].Select(c => (byte)c).ToArray());
        byte[] file = File.ReadAllBytes(exported.Path);
        Refuse(file[..(file.Length / 2)]);
        Refuse(file[..^1]);
        // A field that says it is longer than the file.
        Refuse([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x00]);
        string path = exported.Path + ".damaged";
        File.WriteAllBytes(path, file[..^1]);
        Assert.Contains($"'{path}'", Assert.Throws<InvalidDataException>(() => OnnxSegmenter.Load(path)).Message);
    }

    [Theory]
    [InlineData("backbone", "ResNet50", "'backbone.layer1.0.conv1.weight'")]
    [InlineData("backbone", "ResNet19", "'backbone'")]
    [InlineData("backbone", "0", "'backbone'")]
    [InlineData("output_stride", "7", "stride")]
    [InlineData("image_height", "2147483648", "'image_height'")]
    [InlineData("image_height", "1073741824", "height")]
    [InlineData("image_width", "-32", "'image_width'")]
    [InlineData("image_width", "33", "width")]
    [InlineData("class_names", "[\"a\", \"b\"]", "classifier")]
    [InlineData("class_names", "[\"a\", \"a\", \"b\"]", "")]
    [InlineData("class_names", "[\"a\", null, \"b\"]", "")]
    [InlineData("class_names", "null", "")]
    [InlineData("class_names", "[1", "'class_names'")]
    [InlineData("feature_maps", "1,7", "'feature_maps'")]
    [InlineData("feature_maps", "", "salt")]
    [InlineData("salt", "00", "salt")]
    [InlineData("salt", "xyz", "'salt'")]
    [InlineData("fingerprint", "0011", "fingerprint")]
    public void Metadata_that_describes_no_model_is_refused(string name, string value, string message) => Assert.Contains(message, Refuse(model =>
        model.MetadataProps.Single(entry => entry.Key == name).Value = value));

    [Theory]
    [InlineData("backbone")]
    [InlineData("image_width")]
    [InlineData("salt")]
    public void Missing_metadata_is_told(string name) =>
        Assert.Contains(name, Refuse(model => model.MetadataProps.Remove(model.MetadataProps.Single(entry => entry.Key == name))));

    [Fact]
    public void Names_are_unique()
    {
        Assert.Contains("twice", Refuse(model => model.MetadataProps.Add(model.MetadataProps[0])));
        Assert.Contains("twice", Refuse(model => model.Graph.Initializer.Add(model.Graph.Initializer[0])));
    }

    [Fact]
    public void Weights_are_what_their_names_say()
    {
        const string Name = "classifier.4.weight";
        Assert.Contains($"'{Name}' are missing", Refuse(model => model.Graph.Initializer.Remove(Find(model))));
        Assert.Contains(Name, Refuse(model => Find(model).Dims[1] *= 2));
        Assert.Contains(Name, Refuse(model => Find(model).Dims[0] = long.MaxValue));
        Assert.Contains(Name, Refuse(model => Find(model).Dims.Add(1)));
        Assert.Contains(Name, Refuse(model => Find(model).DataType = (int)TensorProto.Types.DataType.Double));
        Assert.Contains(Name, Refuse(model => Find(model).RawData = ByteString.CopyFrom(new byte[5])));
        Assert.Contains(Name, Refuse(model => Find(model).RawData = ByteString.Empty));
        Assert.Contains("another file", Refuse(model =>
        {
            Find(model).DataLocation = TensorProto.Types.DataLocation.External;
            Find(model).ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "/etc/passwd" });
        }));

        static TensorProto Find(ModelProto model) => model.Graph.Initializer.Single(tensor => tensor.Name == Name);
    }

    [Fact]
    public void A_file_of_many_small_parts_is_refused_before_they_are_read()
    {
        // Two bytes each in the file, a hundred in memory.
        byte[] nodes = [.. Enumerable.Repeat<byte[]>([0x0A, 0x00], 4_000_000).SelectMany(node => node)];
        byte[] file = [0x3A, .. Varint(nodes.Length), .. nodes];
        Refuse("parts", file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refuse("parts", file);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L * file.Length);
    }

    [Fact]
    public void A_graph_that_was_changed_is_not_run()
    {
        using OnnxSegmenter expected = OnnxSegmenter.Load(exported.Path, exported.Key);
        ModelProto model = exported.Parse();
        model.Graph.Node.Clear();
        model.Graph.Node.Add(new NodeProto { OpType = "Identity", Input = { "image" }, Output = { "labels" } });
        using var stream = new MemoryStream(model.ToByteArray());
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(stream, exported.Key);
        var image = ColorPatches.Create(1)[0].Image;
        Assert.Equal(expected.Segment(image), segmenter.Segment(image));
    }

    [Fact]
    public void Random_damage_is_told_or_harmless()
    {
        // Without values of weights, which most of a file is. Where they are missing is the last thing checked.
        ModelProto model = WithoutChecksum();
        foreach (TensorProto tensor in model.Graph.Initializer)
            tensor.RawData = ByteString.Empty;
        byte[] original = model.ToByteArray();
        var random = new Random(3);
        int harmless = 0, told = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] file = [.. original];
            for (int count = random.Next(1, 4); count > 0; count--)
                file[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
            string message = Refuse(random.Next(4) == 0 ? file[..random.Next(file.Length)] : file);
            _ = message.Contains("'backbone.conv1.weight' have 0 bytes") ? harmless++ : told++;
        }
        // Both must happen often, or only one side is tested.
        Assert.True(harmless > 200 && told > 200, $"{harmless} harmless, {told} told");
    }

    [Theory]
    [InlineData("backbone.conv1.weight", float.NaN)]
    [InlineData("classifier.4.bias", float.NegativeInfinity)]
    public void Weights_that_are_no_numbers_are_refused_by_name(string name, float value) => Assert.Contains($"'{name}'", Refuse(model =>
    {
        TensorProto tensor = model.Graph.Initializer.Single(tensor => tensor.Name == name);
        byte[] values = tensor.RawData.ToByteArray();
        BitConverter.TryWriteBytes(values.AsSpan(4), value);
        tensor.RawData = ByteString.CopyFrom(values);
    }));

    [Fact]
    public void A_changed_bit_of_the_weights_or_of_the_metadata_is_told()
    {
        byte[] file = File.ReadAllBytes(exported.Path);
        ModelProto model = exported.Parse();
        int weights = file.AsSpan().IndexOf(model.Graph.Initializer.Single(tensor => tensor.Name == "backbone.layer2.0.conv1.weight").RawData.Span[..64]);
        int names = file.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(model.MetadataProps.Single(entry => entry.Key == "class_names").Value));
        foreach (int place in (int[])[weights, weights + 40, names + 2])
        {
            byte[] damaged = [.. file];
            damaged[place] ^= 1;
            Assert.Contains("checksum is wrong", Refuse(damaged));
        }
        // As older versions wrote it.
        using var old = new MemoryStream(WithoutChecksum().ToByteArray());
        OnnxSegmenter.Load(old).Dispose();
    }

    // What a stranger changes has no checksum, or a right one.
    private ModelProto WithoutChecksum()
    {
        ModelProto model = exported.Parse();
        Assert.True(model.MetadataProps.Remove(model.MetadataProps.Single(entry => entry.Key == "sha256")));
        return model;
    }

    private string Refuse(Action<ModelProto> change)
    {
        ModelProto model = WithoutChecksum();
        change(model);
        return Refuse(model.ToByteArray());
    }

    private static void Refuse(string message, byte[] file) => Assert.Contains(message, Refuse(file));

    private static string Refuse(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return Assert.Throws<InvalidDataException>(() => OnnxSegmenter.Load(stream)).Message;
    }

    private static byte[] Varint(int value)
    {
        using var stream = new MemoryStream();
        var output = new CodedOutputStream(stream);
        output.WriteLength(value);
        output.Flush();
        return stream.ToArray();
    }
}
