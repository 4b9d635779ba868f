using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Onnx;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The pretrained ResNet-18 computes what ONNX Runtime computes with the file that it comes from.</summary>
public sealed class PretrainedBackboneTests : IDisposable
{
    // A pixel of map 5 depends on 435 pixels in each direction.
    private const int Size = 640, Border5 = 218 / 32 + 1, Border2 = 32;

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private static string NetworkFile => Path.Combine(AppContext.BaseDirectory, "DnnImageModels", "ResNet18Onnx", "ResNet18.onnx");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Its_maps_are_those_of_ONNX_Runtime_away_from_the_border()
    {
        byte[] rgb = Picture();
        (float[] map2, float[] map5) = RunOriginal(rgb);
        using SegmentationWeights weights = PretrainedBackbone.ResNet18();
        RequireSame(Run(weights, rgb, FeatureMaps.Stage1), map2, channels: 64, Size / 4, Border2);
        RequireSame(Run(weights, rgb, FeatureMaps.Stage4), map5, channels: 512, Size / 32, Border5);
    }

    [Fact]
    public void A_backbone_alone_is_given()
    {
        using SegmentationWeights weights = PretrainedBackbone.ResNet18();
        weights.Backbone.Should().Be(Backbone.ResNet18);
        weights.Network.Should().BeNull();
        weights.ClassCount.Should().BeNull();
        weights.IsLocked.Should().BeFalse();
    }

    [Fact]
    public void Without_its_file_the_package_is_named()
    {
        FluentActions.Invoking(() => WithApplicationIn(_folder, PretrainedBackbone.ResNet18)).Should().Throw<FileNotFoundException>()
            .WithMessage("*Microsoft.ML.DnnImageFeaturizer.ResNet18*").Which.FileName.Should().StartWith(_folder);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    [InlineData(30_000_000)]
    public void A_truncated_file_is_refused_by_its_name(int length)
    {
        string path = Path.Combine(_folder, "DnnImageModels", "ResNet18Onnx", "ResNet18.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (FileStream source = File.OpenRead(NetworkFile), target = File.Create(path))
        {
            source.CopyTo(target);
            target.SetLength(length);
        }
        FluentActions.Invoking(() => WithApplicationIn(_folder, PretrainedBackbone.ResNet18)).Should().Throw<InvalidDataException>().WithMessage($"'{path}' is not the ResNet-18 of *");
    }

    // .NET's own name for where an application is.
    private static T WithApplicationIn<T>(string folder, Func<T> run)
    {
        const string name = "APP_CONTEXT_BASE_DIRECTORY";
        object? before = AppContext.GetData(name);
        AppContext.SetData(name, folder + Path.DirectorySeparatorChar);
        try
        {
            return run();
        }
        finally
        {
            AppContext.SetData(name, before);
        }
    }

    private static byte[] Picture()
    {
        var random = new Random(1);
        byte[] rgb = new byte[Size * Size * 3];
        for (int i = 0; i < rgb.Length; i++)
            rgb[i] = (byte)(i / 3 % Size / 3 * (i % 3 + 1) / 3 + random.Next(40));
        return rgb;
    }

    // Maps 2 and 5 of the file itself, which is made for 224x224 pixels and a third block in stage 4.
    private static (float[] Map2, float[] Map5) RunOriginal(byte[] rgb)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(NetworkFile));
        float[] mean = [.. Mean()];
        string[] sums = [.. model.Graph.Node.Where(node => node.OpType == "Add").Select(node => model.Graph.Node.Single(next => next.Input[0] == node.Output[0] && next.OpType == "Relu").Output[0])];
        foreach (int side in (ReadOnlySpan<int>)[2, 3])
            model.Graph.Input[0].Type.TensorType.Shape.Dim[side].DimValue = Size;
        model.Graph.Output.Clear();
        model.Graph.Output.Add([new ValueInfoProto { Name = sums[1] }, new ValueInfoProto { Name = sums[7] }]);
        using var session = new InferenceSession(model.ToByteArray());
        var input = new DenseTensor<float>([1, 3, Size, Size]);
        for (int p = 0; p < Size * Size; p++)
        {
            for (int color = 0; color < 3; color++)
                input[0, 2 - color, p / Size, p % Size] = rgb[3 * p + color] - mean[2 - color];
        }
        using var results = session.Run([NamedOnnxValue.CreateFromTensor(model.Graph.Input[0].Name, input)]);
        return ([.. results[0].AsEnumerable<float>()], [.. results[1].AsEnumerable<float>()]);
    }

    // Of blue, green and red.
    private static IEnumerable<float> Mean()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Weights", "ResNetPreprocess.onnx")));
        TensorProto image = model.Graph.Initializer.Single();
        float[] values = image.RawData.IsEmpty ? [.. image.FloatData] : System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(image.RawData.Span).ToArray();
        return values.Chunk(values.Length / 3).Select(channel => (float)channel.Average(value => (double)value));
    }

    private static float[] Run(SegmentationWeights weights, byte[] rgb, FeatureMaps map)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator(1);
        NetworkLayout layout = NetworkLayout.For(SegmentationNetwork.Fcn, Backbone.ResNet18, outputStride: 32, classCount: 2);
        using var network = new TorchNetwork(layout, generator);
        InitialWeights.Take(network, weights, SegmentationNetwork.Fcn);
        network.Train(false);
        Tensor images = ImageTensors.CreateBatch(1, Size, Size);
        ImageTensors.Write(images, 0, new PixelSpan(rgb, rgb.Length / 3 / Size, Size), CropBox.Whole(Size, Size));
        using LiveMaps start = LiveMaps.Of(layout, images), end = network.Run(start, layout.Find(map).Index + 1);
        return end.Of(layout.Find(map)).contiguous().data<float>().ToArray();
    }

    private static void RequireSame(float[] ours, float[] theirs, int channels, int side, int border)
    {
        ours.Length.Should().Be(channels * side * side).And.Be(theirs.Length);
        float largest = theirs.Max(), difference = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            int y = i / side % side, x = i % side;
            if (Math.Min(Math.Min(x, y), Math.Min(side - 1 - x, side - 1 - y)) >= border)
                difference = Math.Max(difference, Math.Abs(ours[i] - theirs[i]));
        }
        largest.Should().BeGreaterThan(0.1f);
        difference.Should().BeLessThan(1e-4f * largest);
    }
}
