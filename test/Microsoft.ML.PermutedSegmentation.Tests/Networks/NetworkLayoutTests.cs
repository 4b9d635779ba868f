using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class NetworkLayoutTests
{
    [Theory]
    [InlineData(Backbone.ResNet18, new[] { 64, 64, 128, 256, 512, 128 })]
    [InlineData(Backbone.ResNet50, new[] { 64, 256, 512, 1024, 2048, 512 })]
    public void Feature_maps_have_the_papers_channels(Backbone backbone, int[] channels)
    {
        var layout = NetworkLayout.For(SegmentationNetwork.Fcn, backbone, 8, 21);
        FeatureMaps[] maps =
            [FeatureMaps.Stem, FeatureMaps.Stage1, FeatureMaps.Stage2, FeatureMaps.Stage3, FeatureMaps.Stage4, FeatureMaps.Head];

        Assert.Equal(channels, maps.Select(map => layout.Find(map).Channels));
    }

    [Theory]
    [InlineData(FeatureMaps.None)]
    [InlineData(FeatureMaps.All)]
    [InlineData(FeatureMaps.Stem | FeatureMaps.Head)]
    [InlineData((FeatureMaps)64)]
    public void Only_a_single_map_has_channels(FeatureMaps maps) =>
        Assert.Throws<ArgumentException>(() => NetworkLayout.For(SegmentationNetwork.Fcn, Backbone.ResNet18, 8, 21).Find(maps));

    [Theory]
    [InlineData(Backbone.ResNet50, 4, 21)]
    [InlineData(Backbone.ResNet50, 12, 21)]
    [InlineData(Backbone.ResNet50, 8, 1)]
    [InlineData(Backbone.ResNet50, 8, 256)]
    [InlineData((Backbone)9, 8, 21)]
    public void Rejects_numbers_out_of_range(Backbone backbone, int outputStride, int classCount) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => NetworkLayout.For(SegmentationNetwork.Fcn, backbone, outputStride, classCount));

    [Theory]
    [InlineData(0, 4)]
    [InlineData(65, 4)]
    [InlineData(1, 0)]
    [InlineData(1, 513)]
    public void Rejects_absurd_custom_networks(int blocks, int baseWidth) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => FcnLayout.Create(new ResNet(ResidualBlock.Basic, [1, 1, blocks, 1], baseWidth, 8), 2));
}
