using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class FcnArchitectureTests
{
    [Theory]
    [InlineData(Backbone.ResNet18, new[] { 64, 64, 128, 256, 512, 128 })]
    [InlineData(Backbone.ResNet50, new[] { 64, 256, 512, 1024, 2048, 512 })]
    public void Feature_maps_have_the_papers_channels(Backbone backbone, int[] channels)
    {
        var architecture = FcnArchitecture.For(backbone, 8, 21);
        FeatureMaps[] maps =
            [FeatureMaps.Stem, FeatureMaps.Stage1, FeatureMaps.Stage2, FeatureMaps.Stage3, FeatureMaps.Stage4, FeatureMaps.Head];

        Assert.Equal(channels, maps.Select(architecture.ChannelsOf));
    }

    [Theory]
    [InlineData(FeatureMaps.None)]
    [InlineData(FeatureMaps.All)]
    [InlineData(FeatureMaps.Stem | FeatureMaps.Head)]
    [InlineData((FeatureMaps)64)]
    public void Only_a_single_map_has_channels(FeatureMaps maps) =>
        Assert.Throws<ArgumentException>(() => FcnArchitecture.For(Backbone.ResNet18, 8, 21).ChannelsOf(maps));

    [Theory]
    [InlineData(Backbone.ResNet50, 4, 21)]
    [InlineData(Backbone.ResNet50, 12, 21)]
    [InlineData(Backbone.ResNet50, 8, 1)]
    [InlineData(Backbone.ResNet50, 8, 256)]
    [InlineData((Backbone)9, 8, 21)]
    public void Rejects_numbers_out_of_range(Backbone backbone, int outputStride, int classCount) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => FcnArchitecture.For(backbone, outputStride, classCount));

    [Theory]
    [InlineData(0, 4)]
    [InlineData(65, 4)]
    [InlineData(1, 0)]
    [InlineData(1, 513)]
    public void Rejects_absurd_custom_networks(int blocks, int baseWidth) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new FcnArchitecture(ResidualBlock.Basic, (1, 1, blocks, 1), baseWidth, 8, 2));

    [Fact]
    public void Equal_shapes_are_equal_architectures()
    {
        var named = FcnArchitecture.For(Backbone.ResNet34, 16, 5);

        Assert.Equal(new FcnArchitecture(ResidualBlock.Basic, (3, 4, 6, 3), 64, 16, 5), named);
        Assert.NotEqual(FcnArchitecture.For(Backbone.ResNet34, 32, 5), named);
    }
}
