using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.PermutedSegmentation.Quantization;
using Onnx;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Small random networks of 8 bits: what they compute, and what ONNX Runtime makes of them.</summary>
public sealed class QuantizedNetworkTests : IDisposable
{
    private const int Height = 64, Width = 96;

    private static readonly ModelDescription Model = new(SegmentationNetwork.Fcn, Backbone.ResNet18, outputStride: 8, Height, Width, ["a", "b", "c"]);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(SmallNetworks.Kinds), MemberType = typeof(SmallNetworks))]
    public void Every_network_is_near_its_floats_and_the_key_changes_no_bit(string kind)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        NetworkLayout layout = SmallNetworks.Layout(kind);
        var state = SmallNetworks.RandomState(layout, seed: 3);
        var permutations = RandomPermutations.For(layout, FeatureMaps.All, seed: 1);
        var undo = new WeightProtection(layout, permutations);
        var plain = Fold(layout, state);
        var quantized = NetworkQuantizer.Quantize(Model, layout, plain, null, Images());
        var stored = NetworkQuantizer.Quantize(Model, layout, Fold(layout, OnnxRun.Protect(layout, state, permutations)), undo, Images());

        // Permuted and then quantized is quantized and then permuted, to the last bit of every tensor.
        GraphProto unlocked = NetworkGraph.ForMemory(layout, Height, Width, new OnnxWeights(stored, undo));
        Assert.Equal(NetworkGraph.ForMemory(layout, Height, Width, new OnnxWeights(quantized, null)), unlocked);
        string reader = $"{layout.ReadersOf(FeatureMaps.Stage4).First().Name}.weight";
        Assert.NotEqual(quantized[reader], stored[reader]);
        float[] expected = Scores(NetworkGraph.ForMemory(layout, Height, Width, new OnnxWeights(plain, null))), actual = Scores(unlocked);
        Assert.InRange(expected.Zip(actual).Max(pair => Math.Abs(pair.First - pair.Second)) / (expected.Max() - expected.Min()), 0, 0.1);

        // In a file there are gathers between the bytes.
        GraphProto file = NetworkGraph.ForFile(layout, Height, Width, new OnnxWeights(stored, null), FeatureMaps.All, new OnnxExportOptions());
        Assert.Equal(6, file.Node.Count(node => node.OpType == "Gather"));
        Assert.Equal(Labels(NetworkGraph.ForFile(layout, Height, Width, new OnnxWeights(quantized, null), FeatureMaps.None, new OnnxExportOptions()), []), Labels(file, permutations));
        foreach (GraphProto graph in (GraphProto[])[unlocked, file])
        {
            ILookup<string, NodeProto> run = Optimized(graph);
            Assert.Equal(layout.Convolutions.Count(convolution => !convolution.IsClassifier), run["QLinearConv"].Count());
            Assert.Equal(layout.Convolutions.Count(convolution => convolution.IsClassifier), run["Conv"].Count() + run["FusedConv"].Count());
            Assert.Equal(layout.Layers.Count(layer => layer is Sum && layer != layout.Output), run["QLinearAdd"].Count());
        }
    }

    [Theory]
    [InlineData(1e38f)]
    [InlineData(1e20f)] // numbers, but none that a scale could be made for
    public void A_network_that_computes_no_numbers_is_refused(float weight)
    {
        using var scope = NewDisposeScope();
        NetworkLayout layout = SmallNetworks.Layout("Basic");
        var state = SmallNetworks.RandomState(layout, seed: 3);
        state["backbone.layer1.0.conv1.weight"].fill_(weight);
        var weights = Fold(layout, state);
        Assert.Contains("no numbers, or too large", Assert.Throws<InvalidOperationException>(() => NetworkQuantizer.Quantize(Model, layout, weights, null, Images())).Message);
    }

    // ONNX Runtime's CUDA provider resizes planes only; in 8 bits its optimizer would lose the axes of those.
    [Fact]
    public void Images_of_a_network_of_floats_are_resized_as_planes()
    {
        using var scope = NewDisposeScope();
        NetworkLayout layout = SmallNetworks.Layout("Basic");
        var floats = Fold(layout, SmallNetworks.RandomState(layout, seed: 3));
        Assert.Equal([2, 3], AxesOf(floats));
        Assert.Equal([1, 2], AxesOf(NetworkQuantizer.Quantize(Model, layout, floats, null, Images())));

        IEnumerable<long> AxesOf(IReadOnlyDictionary<string, TensorProto> weights) => NetworkGraph
            .ForFile(layout, Height, Width, new OnnxWeights(weights, null), FeatureMaps.None, new OnnxExportOptions()).Node
            .Single(node => node.Output[0] == "image/resized").Attribute.Single(attribute => attribute.Name == "axes").Ints;
    }

    [Fact]
    public void Weights_become_64_steps_of_the_largest_of_their_channel_as_in_a_hand_worked_example()
    {
        Convolution convolution = SmallNetworks.Layout("Basic").Convolutions.First();
        TensorProto weights = Floats("w", [3, 2, 1, 1], 1, -0.5f, 0.25f, 0.1f, 0, 0), bias = Floats("b", [3], 1, -2, 0.5f);
        TensorProto[] tensors = [.. QuantizedTensors.Of(convolution, weights, bias, inputScale: 0.5f)];
        Assert.Equal(["w", $"{convolution.Name}.weight_scale", "b"], tensors.Select(tensor => tensor.Name));
        Assert.Equal<sbyte>([64, -32, 64, 26, 0, 0], Values<sbyte>(tensors[0]));
        // Of the third channel only the bias matters: 2^30 steps of half its scale.
        Assert.Equal<float>([1 / 64f, 1 / 256f, 1f / (1 << 30)], Values<float>(tensors[1]));
        Assert.Equal<int>([128, -1024, 1 << 30], Values<int>(tensors[2]));
        Assert.Equal<float>([1 / 128f, 1 / 512f, 0.5f / (1 << 30)], Values<float>(QuantizedTensors.BiasScales(convolution, 0.5f, Values<float>(tensors[1]))));
    }

    [Theory]
    [InlineData(-1, 1.55f, 0.01f, 100)]
    [InlineData(1, 2.55f, 0.01f, 0)]
    [InlineData(-2.55f, -1, 0.01f, 255)]
    [InlineData(0, 0, 9.094947e-13f, 0)]
    public void A_range_holds_0_and_all_that_was_seen(float least, float largest, float scale, byte zeroPoint)
    {
        ActivationRange range = default(ActivationRange).With(least, largest);
        Assert.Equal(scale, range.Scale, scale / 1e5f);
        Assert.Equal(zeroPoint, range.ZeroPoint);
    }

    // Pairs of products of a byte and a weight are added in 16 bits where there is no VNNI, and would stop at the largest number.
    [Fact]
    public void Sums_of_the_largest_products_are_exact_on_this_processor()
    {
        // All inputs 255 and all weights 64: 9 x 32 products, in one convolution.
        var graph = new GraphBuilder();
        string x = graph.Input("x", TensorProto.Types.DataType.Uint8, "", 1, 32, 3, 3);
        string scale = graph.Constant("scale", [], 1f), output = graph.Constant("output", [], 32768f);
        string zero = graph.Constant(Tensor("zero", TensorProto.Types.DataType.Uint8, [], new byte[1]));
        string weights = graph.Constant(Tensor("weights", TensorProto.Types.DataType.Int8, [8, 32, 3, 3], [.. Enumerable.Repeat((byte)QuantizedTensors.LargestWeight, 8 * 32 * 9)]));
        string sum = graph.Node("Conv", "sum", [graph.Node("DequantizeLinear", "floats", [x, scale, zero]), graph.Node("DequantizeLinear", "weights/floats", [weights, scale])]);
        graph.Node("QuantizeLinear", "y", [sum, output, zero]);
        graph.Output("y", TensorProto.Types.DataType.Uint8, "", 1, 8, 1, 1);
        Assert.Single(Optimized(graph.Graph)["QLinearConv"]);
        using InferenceSession session = OnnxRun.Session(graph.Graph);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(Enumerable.Repeat((byte)255, 32 * 9).ToArray(), [1, 32, 3, 3]);
        using var run = new RunOptions();
        using var outputs = session.Run(run, ["x"], [input], ["y"]);
        Assert.All(outputs[0].GetTensorDataAsSpan<byte>().ToArray(), value => Assert.Equal(Math.Round(255 * 64 * 32 * 9 / 32768.0), value));
    }

    private static IReadOnlyDictionary<string, TensorProto> Fold(NetworkLayout layout, IReadOnlyDictionary<string, Tensor> state) =>
        FoldedWeights.Of(layout, name => MemoryMarshal.Cast<byte, float>(state[name].bytes));

    private ILookup<string, NodeProto> Optimized(GraphProto graph)
    {
        string path = _folder.At("optimized.onnx");
        using (var options = new SessionOptions { OptimizedModelFilePath = path, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED })
            new InferenceSession(OnnxRun.Model(graph).ToByteArray(), options).Dispose();
        return ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph.Node.ToLookup(node => node.OpType);
    }

    private static float[] Scores(GraphProto graph)
    {
        using InferenceSession session = OnnxRun.Session(graph);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(Pixels(), value => (float)value), [4, Height, Width, 3]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image"], [input], ["scores"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static byte[] Labels(GraphProto graph, Dictionary<FeatureMaps, int[]> permutations)
    {
        using InferenceSession session = OnnxRun.Session(graph);
        using OrtValue labels = session.Run(Pixels(), [4, Height, Width, 3], OnnxRun.Inputs(permutations))["labels"];
        return labels.GetTensorDataAsSpan<byte>().ToArray();
    }

    private static byte[] Pixels()
    {
        byte[] pixels = new byte[4 * Height * Width * 3];
        new Random(5).NextBytes(pixels);
        return pixels;
    }

    private static IEnumerable<MLImage> Images()
    {
        foreach (byte[] image in Pixels().Chunk(Height * Width * 3))
            yield return MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, [.. image.Chunk(3).SelectMany(pixel => pixel.Append((byte)255))]);
    }

    private static TensorProto Floats(string name, long[] shape, params float[] values) => Tensor(name, TensorProto.Types.DataType.Float, shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    private static TensorProto Tensor(string name, TensorProto.Types.DataType type, long[] shape, byte[] values) =>
        new() { Name = name, DataType = (int)type, Dims = { shape }, RawData = ByteString.CopyFrom(values) };

    private static T[] Values<T>(TensorProto tensor) where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.RawData.Span).ToArray();
}
