using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Exported graphs of small random networks against the library's own networks, and the paper's form to the letter.</summary>
public sealed class NetworkGraphTests
{
    private const int Height = 32, Width = 64;

    public static TheoryData<string, int, FeatureMaps> Networks => new()
    {
        { "Basic", 8, FeatureMaps.None },
        { "Basic", 32, FeatureMaps.Stem },
        { "Basic", 16, FeatureMaps.Stem | FeatureMaps.Stage1 },
        { "Basic", 8, FeatureMaps.Stage1 | FeatureMaps.Stage3 },
        { "Basic", 8, FeatureMaps.Head },
        { "Basic", 8, FeatureMaps.All },
        { "Bottleneck", 8, FeatureMaps.None },
        { "Bottleneck", 16, FeatureMaps.Stem },
        { "Bottleneck", 32, FeatureMaps.Stage1 | FeatureMaps.Stage2 },
        { "Bottleneck", 8, FeatureMaps.Stage4 | FeatureMaps.Head },
        { "Bottleneck", 8, FeatureMaps.All },
        { "DeepLabV3", 8, FeatureMaps.None },
        { "DeepLabV3", 16, FeatureMaps.All },
        { "LrAspp", 16, FeatureMaps.Stem | FeatureMaps.Stage2 },
        { "LrAspp", 32, FeatureMaps.All },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void Right_permutations_give_the_plain_network_and_others_the_papers_network_with_them(string block, int outputStride, FeatureMaps maps)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        NetworkLayout layout = SmallNetworks.Layout(block, outputStride);
        var plain = SmallNetworks.RandomState(layout, seed: 3);
        var right = RandomPermutations.For(layout, maps, seed: 1);
        var stored = OnnxRun.Protect(layout, plain, right);
        using InferenceSession session = OnnxRun.Session(NetworkGraph.ForFile(layout, Height, Width, OnnxRun.Weights(layout, stored), maps, new OnnxExportOptions { Probabilities = true }));
        byte[] images = RandomImages(count: 2);
        Tensor normal = OnnxRun.Normalize(images, 2, Height, Width);

        TorchNetwork plainNetwork = TorchNetwork.FromState(layout, plain), storedNetwork = TorchNetwork.FromState(layout, stored);
        Check(plainNetwork.Forward(normal), right);
        var wrong = RandomPermutations.For(layout, maps, seed: 2);
        Check(LiteralNetwork.Forward(storedNetwork, wrong, normal), wrong);
        var identity = maps.Each().ToDictionary(map => map, map => Enumerable.Range(0, layout.Find(map).Channels).ToArray());
        Check(storedNetwork.Forward(normal), identity);
        if (maps != FeatureMaps.None)
            Assert.True(SmallNetworks.Difference(plainNetwork.Forward(normal), storedNetwork.Forward(normal)) > 0.05);

        void Check(Tensor expected, Dictionary<FeatureMaps, int[]> permutations)
        {
            var outputs = session.Run(images, [2, Height, Width, 3], OnnxRun.Inputs(permutations));
            Assert.True(SmallNetworks.Difference(nn.functional.softmax(expected, 1), outputs["probabilities"].ToTensor()) < 1e-4);
            OrtValue labels = outputs["labels"];
            Assert.Equal([2, Height, Width], labels.GetTensorTypeAndShape().Shape);
            AssertBest(expected, tensor(labels.GetTensorDataAsSpan<byte>().ToArray(), 2, 1, Height, Width));
            foreach (OrtValue value in outputs.Values)
                value.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Weights_put_in_order_in_memory_are_the_plain_networks_and_need_no_permutation(string block, int outputStride, FeatureMaps maps)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        NetworkLayout layout = SmallNetworks.Layout(block, outputStride);
        var plain = SmallNetworks.RandomState(layout, seed: 4);
        var permutations = RandomPermutations.For(layout, maps, seed: 5);
        var stored = OnnxRun.Protect(layout, plain, permutations);
        var unlocked = NetworkGraph.ForMemory(layout, Height, Width, OnnxRun.Weights(layout, stored, new WeightProtection(layout, permutations)));
        // The same graph as from the plain weights, to the last bit of every weight.
        Assert.Equal(NetworkGraph.ForMemory(layout, Height, Width, OnnxRun.Weights(layout, plain)), unlocked);
        Assert.DoesNotContain(unlocked.Node, node => node.OpType == "Gather");
        Assert.Equal("image", Assert.Single(unlocked.Input).Name);

        byte[] images = RandomImages(count: 3);
        using InferenceSession session = OnnxRun.Session(unlocked);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(images, value => (float)value), [3, Height, Width, 3]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image"], [input], ["scores"]);
        Tensor expected = TorchNetwork.FromState(layout, plain).Score(OnnxRun.Normalize(images, 3, Height, Width));
        Assert.True(SmallNetworks.Difference(expected, outputs[0].ToTensor().permute(0, 3, 1, 2)) < 1e-4);
    }

    [Theory]
    [InlineData(180, 240)]
    [InlineData(97, 61)]
    [InlineData(20, 30)]
    [InlineData(5, 500)]
    [InlineData(500, 5)]
    [InlineData(1, 1)]
    [InlineData(Height, 33)]
    public void Images_of_any_size_are_resized_as_the_library_does(int height, int width)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        NetworkLayout layout = SmallNetworks.Layout("Basic", 8);
        var plain = SmallNetworks.RandomState(layout, seed: 6);
        using InferenceSession session = OnnxRun.Session(NetworkGraph.ForFile(
            layout, Height, Width, OnnxRun.Weights(layout, plain), FeatureMaps.None, new OnnxExportOptions { Probabilities = true }));
        byte[] images = RandomImages(count: 2, height, width);
        Tensor expected = nn.functional.softmax(TorchNetwork.FromState(layout, plain).Forward(OnnxRun.Normalize(images, 2, height, width, Height, Width)), 1);
        var outputs = session.Run(images, [2, height, width, 3], new Dictionary<string, long[]>());
        Assert.Equal([2, Height, Width], outputs["labels"].GetTensorTypeAndShape().Shape);
        Assert.True(SmallNetworks.Difference(expected, outputs["probabilities"].ToTensor()) < 1e-4);
        foreach (OrtValue value in outputs.Values)
            value.Dispose();
    }

    [Fact]
    public void Batch_norm_is_folded_as_in_a_hand_worked_example()
    {
        // y = gamma (w x - mean) / sqrt(variance + 1e-5) + beta, with sqrt(variance + 1e-5) = 2 and 0.5.
        var state = new Dictionary<string, float[]>
        {
            ["backbone.conv1.weight"] = [.. Enumerable.Repeat(4f, 147), .. Enumerable.Repeat(6f, 147)],
            ["backbone.bn1.weight"] = [3, 1],
            ["backbone.bn1.bias"] = [1, -1],
            ["backbone.bn1.running_mean"] = [2, 8],
            ["backbone.bn1.running_var"] = [4 - 1e-5f, 0.25f - 1e-5f],
        };
        Convolution stem = FcnLayout.Create(new ResNet(ResidualBlock.Basic, [1, 1, 1, 1], 2, 8), 2).Convolutions.First();
        float[] weights = new float[294], bias = new float[2];
        BatchNormFolding.Fold(stem, name => state[name], weights, bias);
        AssertClose([.. Enumerable.Repeat(4 * 3 / 2f, 147), .. Enumerable.Repeat(6 / 0.5f, 147)], weights);
        AssertClose([1 - 2 * 3 / 2f, -1 - 8 / 0.5f], bias);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    // Where two classes are as good as equal, rounding may choose either.
    private static void AssertBest(Tensor scores, Tensor labels)
    {
        Tensor chosen = scores.gather(1, labels.to(ScalarType.Int64)), best = scores.amax([1], keepdim: true);
        Assert.True((best - chosen).max().ToDouble() < 1e-4 * scores.abs().max().ToDouble());
    }

    private static byte[] RandomImages(int count, int height = Height, int width = Width)
    {
        byte[] images = new byte[count * height * width * 3];
        new Random(count).NextBytes(images);
        return images;
    }
}
