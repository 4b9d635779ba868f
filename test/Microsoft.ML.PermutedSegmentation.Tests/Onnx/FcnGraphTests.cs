using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Exported graphs of small random networks against the library's own networks, and the paper's form to the letter.</summary>
public sealed class FcnGraphTests
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
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void Right_permutations_give_the_plain_network_and_others_the_papers_network_with_them(string block, int outputStride, FeatureMaps maps)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        FcnArchitecture architecture = SmallNetworks.Architecture(block, outputStride);
        var plain = SmallNetworks.RandomState(architecture, seed: 3);
        var right = RandomPermutations.For(architecture, maps, seed: 1);
        var stored = OnnxRun.Protect(architecture, plain, right);
        using InferenceSession session = OnnxRun.Session(FcnGraph.ForFile(architecture, Height, Width, OnnxRun.Weights(stored), maps, new OnnxExportOptions { Probabilities = true }));
        byte[] images = RandomImages(count: 2);
        Tensor normal = OnnxRun.Normalize(images, 2, Height, Width);

        FcnNetwork plainNetwork = FcnNetwork.FromState(architecture, plain), storedNetwork = FcnNetwork.FromState(architecture, stored);
        Check(plainNetwork.call(normal), right);
        var wrong = RandomPermutations.For(architecture, maps, seed: 2);
        Check(LiteralNetwork.Forward(storedNetwork, wrong, normal), wrong);
        var identity = maps.Each().ToDictionary(map => map, map => Enumerable.Range(0, architecture.ChannelsOf(map)).ToArray());
        Check(storedNetwork.call(normal), identity);
        if (maps != FeatureMaps.None)
            Assert.True(SmallNetworks.Difference(plainNetwork.call(normal), storedNetwork.call(normal)) > 0.05);

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
        FcnArchitecture architecture = SmallNetworks.Architecture(block, outputStride);
        var plain = SmallNetworks.RandomState(architecture, seed: 4);
        var permutations = RandomPermutations.For(architecture, maps, seed: 5);
        var stored = OnnxRun.Protect(architecture, plain, permutations);
        var unlocked = FcnGraph.ForMemory(architecture, Height, Width, OnnxRun.Weights(stored, ChannelReorderings.For(architecture, permutations)));
        // The same graph as from the plain weights, to the last bit of every weight.
        Assert.Equal(FcnGraph.ForMemory(architecture, Height, Width, OnnxRun.Weights(plain)), unlocked);
        Assert.DoesNotContain(unlocked.Node, node => node.OpType == "Gather");
        Assert.Equal("image", Assert.Single(unlocked.Input).Name);

        byte[] images = RandomImages(count: 3);
        using InferenceSession session = OnnxRun.Session(unlocked);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(images, value => (float)value), [3, Height, Width, 3]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image"], [input], ["scores"]);
        Tensor expected = FcnNetwork.FromState(architecture, plain).Run(OnnxRun.Normalize(images, 3, Height, Width), 0, FcnNetwork.Scores);
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
        FcnArchitecture architecture = SmallNetworks.Architecture("Basic", 8);
        var plain = SmallNetworks.RandomState(architecture, seed: 6);
        using InferenceSession session = OnnxRun.Session(FcnGraph.ForFile(
            architecture, Height, Width, OnnxRun.Weights(plain), FeatureMaps.None, new OnnxExportOptions { Probabilities = true }));
        byte[] images = RandomImages(count: 2, height, width);
        Tensor expected = nn.functional.softmax(FcnNetwork.FromState(architecture, plain).call(OnnxRun.Normalize(images, 2, height, width, Height, Width)), 1);
        var outputs = session.Run(images, [2, height, width, 3], new Dictionary<string, long[]>());
        Assert.Equal([2, Height, Width], outputs["labels"].GetTensorTypeAndShape().Shape);
        Assert.True(SmallNetworks.Difference(expected, outputs["probabilities"].ToTensor()) < 1e-4);
        foreach (OrtValue value in outputs.Values)
            value.Dispose();
    }

    [Fact]
    public void Batch_norm_is_folded_as_in_a_hand_worked_example()
    {
        using var scope = NewDisposeScope();
        // y = gamma (w x - mean) / sqrt(variance + 1e-5) + beta, with sqrt(variance + 1e-5) = 2 and 0.5.
        var state = new (string, Tensor)[]
        {
            ("backbone.conv1.weight", tensor(new float[] { 4, 6 }, 2, 1, 1, 1)),
            ("backbone.bn1.weight", tensor(new float[] { 3, 1 })),
            ("backbone.bn1.bias", tensor(new float[] { 1, -1 })),
            ("backbone.bn1.running_mean", tensor(new float[] { 2, 8 })),
            ("backbone.bn1.running_var", tensor(new float[] { 4 - 1e-5f, 0.25f - 1e-5f })),
        };
        var folded = FoldedWeights.Of(state);
        Assert.Equal(["backbone.conv1.bias", "backbone.conv1.weight"], folded.Keys.Order());
        AssertClose([4 * 3 / 2f, 6 / 0.5f], folded["backbone.conv1.weight"].RawData.ToByteArray());
        AssertClose([1 - 2 * 3 / 2f, -1 - 8 / 0.5f], folded["backbone.conv1.bias"].RawData.ToByteArray());
    }

    private static void AssertClose(float[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length * sizeof(float), actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], BitConverter.ToSingle(actual, i * sizeof(float)), 1e-5f);
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
