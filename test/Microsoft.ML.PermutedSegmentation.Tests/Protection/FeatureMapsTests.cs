using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class FeatureMapsTests
{
    [Fact]
    public void Maps_are_numbered_as_in_the_papers_table() =>
        Assert.Equal(
            [
                (FeatureMaps.Stem, 1), (FeatureMaps.Stage1, 2), (FeatureMaps.Stage2, 3),
                (FeatureMaps.Stage3, 4), (FeatureMaps.Stage4, 5), (FeatureMaps.Head, 6),
            ],
            FeatureMaps.All.Each().Select(map => (map, map.Number())));

    [Fact]
    public void A_number_is_that_of_one_map()
    {
        Assert.Equal(FeatureMaps.All.Each(), Enumerable.Range(1, 6).Select(FeatureMapsExtensions.FromNumber));
        Assert.Throws<ArgumentOutOfRangeException>("number", () => FeatureMapsExtensions.FromNumber(0));
        Assert.Throws<ArgumentOutOfRangeException>("number", () => FeatureMapsExtensions.FromNumber(7));
    }

    [Fact]
    public void A_combination_has_numbers()
    {
        Assert.Equal([1, 4, 6], (FeatureMaps.Head | FeatureMaps.Stem | FeatureMaps.Stage3).Numbers());
        Assert.Empty(FeatureMaps.None.Numbers());
    }

    [Fact]
    public void A_combination_is_taken_apart_in_the_order_of_the_network()
    {
        Assert.Equal([FeatureMaps.Stage1, FeatureMaps.Head], (FeatureMaps.Head | FeatureMaps.Stage1).Each());
        Assert.Empty(FeatureMaps.None.Each());
    }

    [Theory]
    [InlineData(FeatureMaps.None)]
    [InlineData(FeatureMaps.Stem | FeatureMaps.Stage1)]
    [InlineData((FeatureMaps)64)]
    [InlineData((FeatureMaps)int.MinValue)]
    public void Only_a_single_map_has_a_number(FeatureMaps maps) => Assert.Throws<ArgumentException>(() => maps.Number());

    [Fact]
    public void Unknown_maps_are_rejected() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ((FeatureMaps)65).Each());
}
