using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The library's protected weights against the paper's permuted feature maps.</summary>
public sealed class ProtectionTests : IDisposable
{
    // Everything is computed in double precision, so that rounding cannot pass for a difference or hide one.
    private const double Rounding = 1e-12;

    private readonly int _threads = get_num_threads();

    // These networks are so small that threads would mostly wait for each other, for seconds on a busy machine.
    public ProtectionTests() => set_num_threads(1);

    public void Dispose() => set_num_threads(_threads);

    [Theory]
    [MemberData(nameof(SmallNetworks.Kinds), MemberType = typeof(SmallNetworks))]
    public void Every_choice_of_maps_scores_as_the_papers_permuted_network_does(string block)
    {
        using var outerScope = NewDisposeScope();
        using var none = inference_mode();
        var layout = SmallNetworks.Layout(block);
        // With random weights the finer branch of LR-ASPP makes most of the scores, and the pyramid of DeepLabV3 is mostly padding.
        double least = layout.Output is Sum || layout.Layers.Any(layer => layer is Concatenation) ? 1e-3 : 0.1;
        var plainState = SmallNetworks.RandomState(layout, seed: 1);
        var images = SmallNetworks.RandomImages(seed: 2, count: 1).to(ScalarType.Float64);
        using var plain = DoubleNetwork(layout, plainState);
        var expected = plain.Forward(images);

        for (var maps = (FeatureMaps)1; maps <= FeatureMaps.All; maps++)
        {
            using var scope = NewDisposeScope();
            var right = RandomPermutations.For(layout, maps, seed: 3);
            var wrong = RandomPermutations.For(layout, maps, seed: 4);
            var lockedState = Protect(plainState, new WeightProtection(layout, right));
            using var locked = DoubleNetwork(layout, lockedState);
            using var unlocked = DoubleNetwork(layout, Unprotect(lockedState, new WeightProtection(layout, right)));
            using var misread = DoubleNetwork(layout, Unprotect(lockedState, new WeightProtection(layout, wrong)));

            // The paper's three conditions: Correct, No-perm and Incorrect.
            AssertSame(expected, LiteralNetwork.Forward(locked, right, images), $"right key, {maps}");
            Assert.Equal(expected.bytes.ToArray(), unlocked.Forward(images).bytes.ToArray());
            var withoutKey = locked.Forward(images);
            AssertSame(LiteralNetwork.Forward(locked, new Dictionary<FeatureMaps, int[]>(), images), withoutKey, $"no key, {maps}");
            var withWrongKey = misread.Forward(images);
            AssertSame(LiteralNetwork.Forward(locked, wrong, images), withWrongKey, $"wrong key, {maps}");

            double noKey = SmallNetworks.Difference(expected, withoutKey), wrongKey = SmallNetworks.Difference(expected, withWrongKey);
            Assert.True(noKey > least, $"no key, {maps}: {noKey}");
            Assert.True(wrongKey > least, $"wrong key, {maps}: {wrongKey}");
        }
    }

    [Theory]
    [InlineData(nameof(ResidualBlock.Basic), FeatureMaps.All)]
    [InlineData(nameof(ResidualBlock.Basic), FeatureMaps.Stem)]
    [InlineData(nameof(ResidualBlock.Basic), FeatureMaps.Stem | FeatureMaps.Stage1)]
    [InlineData(nameof(ResidualBlock.Basic), FeatureMaps.Stage2 | FeatureMaps.Head)]
    [InlineData(nameof(ResidualBlock.Bottleneck), FeatureMaps.All)]
    [InlineData(nameof(ResidualBlock.Bottleneck), FeatureMaps.Stem)]
    [InlineData(nameof(ResidualBlock.Bottleneck), FeatureMaps.Stage3 | FeatureMaps.Stage4)]
    [InlineData("DeepLabV3", FeatureMaps.All)]
    [InlineData("DeepLabV3", FeatureMaps.Stage4)]
    [InlineData("LrAspp", FeatureMaps.All)]
    [InlineData("LrAspp", FeatureMaps.Stem | FeatureMaps.Stage2)]
    public void Training_with_permuted_maps_is_training_the_plain_network_and_protecting_it_afterwards(string block, FeatureMaps maps)
    {
        using var scope = NewDisposeScope();
        var layout = SmallNetworks.Layout(block);
        var start = SmallNetworks.RandomState(layout, seed: 1);
        var permutations = RandomPermutations.For(layout, maps, seed: 3);
        var protection = new WeightProtection(layout, permutations);
        using var plain = DoubleNetwork(layout, start);
        using var literal = DoubleNetwork(layout, Protect(start, protection));

        Train(plain, plain.Forward);
        Train(literal, images => LiteralNetwork.Forward(literal, permutations, images));

        var untrained = Protect(start, protection);
        var expected = Protect(plain.State, protection);
        foreach (var (name, trained) in literal.State)
        {
            AssertSame(expected[name], trained, name);
            Assert.True(SmallNetworks.Difference(untrained[name], trained) > 1e-3, $"{name} has hardly changed");
        }
    }

    // As in the paper (Sec. III-A), without dropout: its mask falls on other channels when they are permuted.
    private static void Train(TorchNetwork network, Func<Tensor, Tensor> forward)
    {
        network.Train();
        network.WithoutDropout = true;
        var optimizer = optim.SGD(network.Parameters.Select(parameter => parameter.Value), learningRate: 0.1, momentum: 0.9, weight_decay: 0.005);
        using var generator = new Generator(7);
        for (int step = 0; step < 3; step++)
        {
            using var scope = NewDisposeScope();
            var images = SmallNetworks.RandomImages(seed: 10 + (ulong)step).to(ScalarType.Float64);
            var labels = randint(3, [2, 32, 48], dtype: ScalarType.Int64, generator: generator);
            optimizer.zero_grad();
            nn.functional.cross_entropy(forward(images), labels).backward();
            optimizer.step();
        }
    }

    private static void AssertSame(Tensor expected, Tensor actual, string message) =>
        Assert.True(SmallNetworks.Difference(expected, actual) < Rounding, message);

    private static TorchNetwork DoubleNetwork(NetworkLayout layout, Dictionary<string, Tensor> state)
    {
        var network = TorchNetwork.FromState(layout, state.ToDictionary(e => e.Key, e => e.Value.alias()));
        network.MoveTo(ScalarType.Float64);
        return network;
    }

    private static Dictionary<string, Tensor> Protect(IEnumerable<KeyValuePair<string, Tensor>> state, WeightProtection protection) =>
        state.ToDictionary(e => e.Key, e => protection.Protect(e.Key, e.Value));

    private static Dictionary<string, Tensor> Unprotect(IEnumerable<KeyValuePair<string, Tensor>> state, WeightProtection protection) =>
        state.ToDictionary(e => e.Key, e => protection.Unprotect(e.Key, e.Value));
}
