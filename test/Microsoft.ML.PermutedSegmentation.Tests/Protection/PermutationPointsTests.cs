using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class PermutationPointsTests
{
    [Theory]
    [InlineData(Backbone.ResNet18)]
    [InlineData(Backbone.ResNet34)]
    [InlineData(Backbone.ResNet50)]
    [InlineData(Backbone.ResNet101)]
    public void Inner_maps_are_what_every_convolution_reads_that_no_other_map_re_orders_but_the_stems(Backbone backbone)
    {
        FcnArchitecture architecture = FcnArchitecture.For(backbone, 8, 21);
        HashSet<string> readers = [.. ChannelReorderings.For(architecture, RandomPermutations.For(architecture, FeatureMaps.All, seed: 1))
            .Where(reordering => reordering.Dimension == 1).Select(reordering => reordering.Parameter)];
        var expected = FcnNetwork.DescribeState(architecture)
            .Where(entry => entry.Shape.Length == 4 && entry.Shape[1] > 3 && !readers.Contains(entry.Name))
            .Select(entry => (entry.Name[..^".weight".Length], (int)entry.Shape[1]));

        Assert.Equal(expected.Order(), Inner(architecture, FeatureMaps.Inner).Order());
        // Whatever it is combined with.
        Assert.Equal(Inner(architecture, FeatureMaps.Inner), Inner(architecture, FeatureMaps.Every));
        Assert.Equal(Inner(architecture, FeatureMaps.Inner), Inner(architecture, FeatureMaps.Inner | FeatureMaps.Stage1));
        Assert.Empty(Inner(architecture, FeatureMaps.All));
    }

    [Fact]
    public void Points_come_in_the_order_of_the_network()
    {
        var architecture = new FcnArchitecture(ResidualBlock.Basic, (2, 1, 2, 1), baseWidth: 4, 8, 2);
        Assert.Equal(
            [
                "Stem 4", "backbone.layer1.0.conv2 4", "backbone.layer1.1.conv2 4",
                "Stage1 4", "backbone.layer2.0.conv2 8",
                "Stage2 8", "backbone.layer3.0.conv2 16", "backbone.layer3.1.conv1 16", "backbone.layer3.1.conv2 16",
                "Stage3 16", "backbone.layer4.0.conv2 32", "Stage4 32", "Head 8",
            ],
            PermutationPoints.For(architecture, FeatureMaps.Every).Select(entry => $"{entry.Point.Convolution ?? $"{entry.Point.Map}"} {entry.Channels}"));

        architecture = new FcnArchitecture(ResidualBlock.Bottleneck, (2, 1, 1, 1), baseWidth: 4, 8, 2);
        Assert.Equal(
            ["backbone.layer1.0.conv2 4", "backbone.layer1.0.conv3 4", "backbone.layer1.1.conv1 16", "backbone.layer1.1.conv2 4", "backbone.layer1.1.conv3 4"],
            Inner(architecture, FeatureMaps.Inner).Take(5).Select(entry => $"{entry.Name} {entry.Channels}"));
    }

    [Fact]
    public void A_convolution_that_is_no_inner_one_is_refused()
    {
        var architecture = SmallNetworks.Architecture(ResidualBlock.Basic);
        foreach (string name in (string[])["backbone.conv1", "backbone.layer2.0.conv1", "classifier.4", "elsewhere"])
        {
            var permutations = new Dictionary<PermutationPoint, int[]> { [PermutationPoint.InputOf(name)] = [0, 1] };
            Assert.Contains(name, Assert.Throws<ArgumentException>(() => ChannelReorderings.For(architecture, permutations)).Message);
        }
    }

    private static IEnumerable<(string Name, int Channels)> Inner(FcnArchitecture architecture, FeatureMaps maps) =>
        from entry in PermutationPoints.For(architecture, maps)
        where entry.Point.Convolution is not null
        select (entry.Point.Convolution, entry.Channels);
}
