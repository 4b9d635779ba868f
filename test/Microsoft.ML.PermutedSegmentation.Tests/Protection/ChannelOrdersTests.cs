using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ChannelOrdersTests
{
    [Fact]
    public void Channel_i_of_the_protected_weights_is_channel_alpha_i_of_the_plain_ones()
    {
        NetworkLayout layout = FcnLayout.Create(new ResNet(ResidualBlock.Basic, [1, 1, 1, 1], 3, 8), 2);
        var protection = new WeightProtection(layout, new Dictionary<FeatureMaps, int[]> { [FeatureMaps.Stem] = [2, 0, 1] });

        // Read in another order: [3, 3, 3, 3], each value its input channel. Written, too: the first of the outputs is that of channel 2.
        float[] plain = [.. Enumerable.Range(0, 81).Select(i => (float)(i / 9 % 3))], locked = new float[81];
        protection.Protect("backbone.layer1.0.conv1.weight", plain, locked.AsSpan());
        Assert.Equal(Enumerable.Range(0, 81).Select(i => new[] { 2f, 0, 1 }[i / 9 % 3]), locked);
        float[] written = new float[3];
        protection.Protect("backbone.layer1.0.bn2.bias", [10f, 11f, 12f], written.AsSpan());
        Assert.Equal([12f, 10f, 11f], written);
        protection.Unprotect("backbone.layer1.0.bn2.bias", [12f, 10f, 11f], written.AsSpan());
        Assert.Equal([10f, 11f, 12f], written);
    }

    [Fact]
    public void Bottleneck_maps_are_read_by_the_next_convolution_and_projection()
    {
        var layout = NetworkLayout.For(SegmentationNetwork.Fcn, Backbone.ResNet50, 8, 21);
        var permutations = RandomPermutations.For(layout, FeatureMaps.All, seed: 1);

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
            Changes(layout, permutations));
    }

    [Fact]
    public void The_stems_order_travels_along_the_identity_shortcuts_of_basic_blocks()
    {
        var layout = FcnLayout.Create(new ResNet(ResidualBlock.Basic, [2, 1, 1, 1], 3, 8), 2);
        int[] stem = [1, 2, 0];
        int[] stage1 = [0, 2, 1];
        var reorderings = Changes(
            layout, new Dictionary<FeatureMaps, int[]> { [FeatureMaps.Stem] = stem, [FeatureMaps.Stage1] = stage1 });

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
            reorderings);

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
        var layout = FcnLayout.Create(new ResNet(ResidualBlock.Basic, [1, 1, 1, 1], 4, 8), 2);
        var error = Assert.Throws<ArgumentException>(() => new WeightProtection(
            layout, new Dictionary<FeatureMaps, int[]> { [FeatureMaps.Stem] = order }));

        Assert.Contains("Stem", error.Message);
        Assert.DoesNotContain("7", error.Message);
        Assert.DoesNotContain(string.Join(", ", order), error.Message);
    }

    [Fact]
    public void Rejects_a_permutation_of_several_maps_at_once() =>
        Assert.Throws<ArgumentException>(() => new WeightProtection(
            SmallNetworks.Layout("Basic"),
            new Dictionary<FeatureMaps, int[]> { [FeatureMaps.Stem | FeatureMaps.Head] = [0, 1] }));

    private static IEnumerable<(string, int, string)> Changes(NetworkLayout layout, IReadOnlyDictionary<FeatureMaps, int[]> permutations)
    {
        foreach ((Convolution convolution, int[]? read, int[]? written) in new ChannelOrders(layout, permutations).ToConvolutions())
        {
            if (read is not null)
                yield return ($"{convolution.Name}.weight", 1, string.Join(' ', read));
            if (written is null)
                continue;
            foreach (NetworkParameter parameter in layout.Parameters.Where(parameter => parameter.Layer == convolution))
                yield return (parameter.Name, 0, string.Join(' ', written));
        }
    }
}
