using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TorchNetworkTests
{
    [Theory]
    // torchvision's classifiers without their last layer (513000 and 2049000 parameters), plus the head.
    [InlineData(Backbone.ResNet18, 11689512 - 513000, 512)]
    [InlineData(Backbone.ResNet34, 21797672 - 513000, 512)]
    [InlineData(Backbone.ResNet50, 25557032 - 2049000, 2048)]
    [InlineData(Backbone.ResNet101, 44549160 - 2049000, 2048)]
    public void Has_as_many_parameters_as_torchvisions(Backbone backbone, long backboneParameters, int channels)
    {
        var state = NetworkLayout.For(SegmentationNetwork.Fcn, backbone, 8, 21).Parameters;
        long count = state.Where(entry => entry.IsLearned)
            .Sum(entry => entry.Shape.Aggregate(1L, (product, size) => product * size));

        int inner = channels / 4;
        Assert.Equal(backboneParameters + (inner * channels * 9) + (2 * inner) + (inner * 21) + 21, count);
    }

    [Theory]
    [InlineData(Backbone.ResNet18, 107)] // 20 convolutions with a batch norm of four, and the head's 7 entries
    [InlineData(Backbone.ResNet50, 272)] // 53 and 7
    public void Names_and_shapes_are_torchvisions(Backbone backbone, int entries)
    {
        var state = NetworkLayout.For(SegmentationNetwork.Fcn, backbone, 8, 21).Parameters.ToDictionary(e => e.Name, e => e.Shape);

        Assert.Equal(entries, state.Count);
        Assert.Equal([64, 3, 7, 7], state["backbone.conv1.weight"]);
        Assert.Equal([64], state["backbone.bn1.running_var"]);
        Assert.Equal([21], state["classifier.4.bias"]);
        if (backbone == Backbone.ResNet18)
        {
            Assert.False(state.ContainsKey("backbone.layer1.0.downsample.0.weight"));
            Assert.Equal([128, 64, 3, 3], state["backbone.layer2.0.conv1.weight"]);
            Assert.Equal([128, 64, 1, 1], state["backbone.layer2.0.downsample.0.weight"]);
            Assert.Equal([512, 512, 3, 3], state["backbone.layer4.1.conv2.weight"]);
            Assert.Equal([128, 512, 3, 3], state["classifier.0.weight"]);
            Assert.Equal([21, 128, 1, 1], state["classifier.4.weight"]);
        }
        else
        {
            Assert.Equal([64, 64, 1, 1], state["backbone.layer1.0.conv1.weight"]);
            Assert.Equal([256, 64, 1, 1], state["backbone.layer1.0.downsample.0.weight"]);
            Assert.Equal([256], state["backbone.layer1.0.downsample.1.running_mean"]);
            Assert.Equal([2048, 512, 1, 1], state["backbone.layer4.2.conv3.weight"]);
            Assert.Equal([512, 512, 3, 3], state["backbone.layer4.2.conv2.weight"]);
            Assert.Equal([512, 2048, 3, 3], state["classifier.0.weight"]);
            Assert.Equal([512], state["classifier.1.bias"]);
        }
    }

    [Theory]
    [InlineData(nameof(ResidualBlock.Basic), 8)]
    [InlineData(nameof(ResidualBlock.Basic), 16)]
    [InlineData(nameof(ResidualBlock.Basic), 32)]
    [InlineData(nameof(ResidualBlock.Bottleneck), 8)]
    [InlineData(nameof(ResidualBlock.Bottleneck), 16)]
    [InlineData(nameof(ResidualBlock.Bottleneck), 32)]
    public void Scores_have_the_images_size_and_features_the_output_stride(string block, int outputStride)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var network = new TorchNetwork(SmallNetworks.Layout(block, outputStride), generator);
        network.Train(false);
        var images = SmallNetworks.RandomImages(2, count: 2, height: 64, width: 95);

        Assert.Equal([2, 3, 64, 95], network.Forward(images).shape);
        using LiveMaps start = LiveMaps.Of(network.Layout, images);
        KeyedMap last = network.Layout.Find(FeatureMaps.Stage4), head = network.Layout.Find(FeatureMaps.Head);
        Tensor features = network.Run(start, last.Index + 1).Of(last);
        Assert.Equal([2, last.Channels, 64 / outputStride, 96 / outputStride], features.shape);
        Assert.Equal(features.shape[2..], network.Run(start, head.Index + 1).Of(head).shape[2..]);
    }

    [Theory]
    // A stage's first block keeps the dilation of the stage before (torchvision's replace_stride_with_dilation).
    [InlineData(8, "layer3.0", 1)]
    [InlineData(8, "layer3.1", 2)]
    [InlineData(8, "layer4.0", 2)]
    [InlineData(8, "layer4.1", 4)]
    [InlineData(16, "layer3.1", 1)]
    [InlineData(16, "layer4.0", 1)]
    [InlineData(16, "layer4.1", 2)]
    [InlineData(32, "layer4.1", 1)]
    public void Bottlenecks_are_dilated_where_the_stride_is_left_out(int outputStride, string block, long dilation)
    {
        NetworkLayout layout = FcnLayout.Create(new ResNet(ResidualBlock.Bottleneck, [1, 1, 2, 2], 4, outputStride), 2);

        Convolution convolution = layout.Convolutions.Single(layer => layer.Name == $"backbone.{block}.conv2");
        Assert.Equal(dilation, convolution.Dilation);
        Assert.Equal(dilation, convolution.Padding);
    }

    [Fact]
    public void Upsampling_is_bilinear_between_pixel_centres()
    {
        using var scores = tensor(new[] { 0f, 8f }).reshape(1, 1, 1, 2);
        using var upsampled = LayoutRunner.Upsample(scores, 2, 4);

        // Centres of the four new pixels lie at -0.25, 0.25, 0.75 and 1.25 old pixels; outside the edge value is kept.
        Assert.Equal([0f, 2f, 6f, 8f, 0f, 2f, 6f, 8f], upsampled.data<float>().ToArray());
    }

    [Theory]
    [InlineData(nameof(ResidualBlock.Basic))]
    [InlineData(nameof(ResidualBlock.Bottleneck))]
    public void Scoring_and_training_leave_no_tensors_behind(string block)
    {
        using var generator = new Generator(1);
        using var network = new TorchNetwork(SmallNetworks.Layout(block), generator);
        using var images = SmallNetworks.RandomImages(2);
        network.Forward(images).Dispose();
        long before = SmallNetworks.LiveTensors;

        network.Forward(images).Dispose();
        Assert.Equal(before, SmallNetworks.LiveTensors);

        network.Train(false);
        using (inference_mode())
            network.Forward(images).Dispose();
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void A_disposed_network_leaves_no_tensors_behind()
    {
        long before = SmallNetworks.LiveTensors;
        using (var generator = new Generator(1))
        using (new TorchNetwork(SmallNetworks.Layout("Basic"), generator))
            Assert.True(SmallNetworks.LiveTensors > before);

        Assert.Equal(before, SmallNetworks.LiveTensors);
    }
}
