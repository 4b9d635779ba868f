using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ChannelReorderingTests
{
    [Fact]
    public void Channel_i_of_the_protected_weights_is_channel_alpha_i_of_the_plain_ones()
    {
        using var scope = NewDisposeScope();
        var plain = tensor(new float[,] { { 10, 11, 12 }, { 20, 21, 22 } });

        var reads = new ChannelReordering("w", Dimension: 1, [2, 0, 1]).Protect(plain);
        Assert.Equal([12f, 10f, 11f, 22f, 20f, 21f], reads.data<float>().ToArray());
        var writes = new ChannelReordering("w", Dimension: 0, [1, 0]).Protect(plain);
        Assert.Equal([20f, 21f, 22f, 10f, 11f, 12f], writes.data<float>().ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Unprotecting_gives_back_every_bit(int dimension)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var plain = empty(6, 6, 3, 3).normal_(0, 1, generator);
        var reordering = new ChannelReordering("w", dimension, [3, 0, 5, 1, 4, 2]);

        var locked = reordering.Protect(plain);
        Assert.NotEqual(plain.bytes.ToArray(), locked.bytes.ToArray());
        Assert.Equal(plain.bytes.ToArray(), reordering.Unprotect(locked).bytes.ToArray());
    }

    [Fact]
    public void Bottleneck_maps_are_read_by_the_next_convolution_and_projection()
    {
        var architecture = FcnArchitecture.For(Backbone.ResNet50, 8, 21);
        var permutations = RandomPermutations.For(architecture, FeatureMaps.All, seed: 1);

        (string, int, FeatureMaps)[] expected =
        [
            ("backbone.layer1.0.conv1.weight", 1, FeatureMaps.Stem),
            ("backbone.layer1.0.downsample.0.weight", 1, FeatureMaps.Stem),
            ("backbone.layer2.0.conv1.weight", 1, FeatureMaps.Stage1),
            ("backbone.layer2.0.downsample.0.weight", 1, FeatureMaps.Stage1),
            ("backbone.layer3.0.conv1.weight", 1, FeatureMaps.Stage2),
            ("backbone.layer3.0.downsample.0.weight", 1, FeatureMaps.Stage2),
            ("backbone.layer4.0.conv1.weight", 1, FeatureMaps.Stage3),
            ("backbone.layer4.0.downsample.0.weight", 1, FeatureMaps.Stage3),
            ("classifier.0.weight", 1, FeatureMaps.Stage4),
            ("classifier.4.weight", 1, FeatureMaps.Head),
        ];
        Assert.Equal(
            expected.Select(e => (e.Item1, e.Item2, string.Join(' ', permutations[e.Item3]))),
            ChannelReorderings.For(architecture, permutations).Select(r => (r.Parameter, r.Dimension, string.Join(' ', r.Order))));
    }

    [Fact]
    public void The_stems_order_travels_along_the_identity_shortcuts_of_basic_blocks()
    {
        var architecture = new FcnArchitecture(ResidualBlock.Basic, (2, 1, 1, 1), baseWidth: 3, 8, 2);
        int[] stem = [1, 2, 0];
        int[] stage1 = [0, 2, 1];
        var reorderings = ChannelReorderings.For(
            architecture, new Dictionary<FeatureMaps, int[]> { [FeatureMaps.Stem] = stem, [FeatureMaps.Stage1] = stage1 });

        int[] composed = [1, 0, 2]; // stem[0], stem[2], stem[1]
        (string, int, int[])[] expected =
        [
            .. StageBlock("backbone.layer1.0"),
            .. StageBlock("backbone.layer1.1"),
            ("backbone.layer2.0.conv1.weight", 1, composed),
            ("backbone.layer2.0.downsample.0.weight", 1, composed),
        ];
        Assert.Equal(
            expected.Select(e => (e.Item1, e.Item2, string.Join(' ', e.Item3))),
            reorderings.Select(r => (r.Parameter, r.Dimension, string.Join(' ', r.Order))));

        IEnumerable<(string, int, int[])> StageBlock(string block) =>
        [
            ($"{block}.conv1.weight", 1, stem),
            ($"{block}.conv2.weight", 0, stem),
            ($"{block}.bn2.weight", 0, stem),
            ($"{block}.bn2.bias", 0, stem),
            ($"{block}.bn2.running_mean", 0, stem),
            ($"{block}.bn2.running_var", 0, stem),
        ];
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2 })] // too short
    [InlineData(new[] { 0, 1, 2, 3, 4 })]
    [InlineData(new[] { 7, 1, 2, 7 })] // out of range
    [InlineData(new[] { 0, -1, 2, 3 })]
    [InlineData(new[] { 0, 1, 1, 3 })] // not a permutation
    public void Rejects_what_is_not_a_permutation_and_does_not_print_it(int[] order)
    {
        var architecture = new FcnArchitecture(ResidualBlock.Basic, (1, 1, 1, 1), baseWidth: 4, 8, 2);
        var error = Assert.Throws<ArgumentException>(() => ChannelReorderings.For(
            architecture, new Dictionary<FeatureMaps, int[]> { [FeatureMaps.Stem] = order }));

        Assert.Contains("Stem", error.Message);
        Assert.DoesNotContain("7", error.Message);
        Assert.DoesNotContain(string.Join(", ", order), error.Message);
    }

    [Fact]
    public void Rejects_a_permutation_of_several_maps_at_once() =>
        Assert.Throws<ArgumentException>(() => ChannelReorderings.For(
            SmallNetworks.Architecture(ResidualBlock.Basic),
            new Dictionary<FeatureMaps, int[]> { [FeatureMaps.Stem | FeatureMaps.Head] = [0, 1] }));
}
