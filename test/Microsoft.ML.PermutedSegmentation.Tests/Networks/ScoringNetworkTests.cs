using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ScoringNetworkTests
{
    [Theory]
    [InlineData("Basic", 8)]
    [InlineData("Basic", 32)]
    [InlineData("Bottleneck", 8)]
    [InlineData("Bottleneck", 16)]
    [InlineData("Bottleneck", 32)]
    [InlineData("DeepLabV3", 8)]
    [InlineData("LrAspp", 16)]
    [InlineData("LrAspp", 32)]
    public void Computes_every_map_of_the_network_it_was_made_from(string block, int outputStride)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        NetworkLayout layout = SmallNetworks.Layout(block, outputStride);
        using TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 3));
        using var scoring = new ScoringNetwork(network, 64, 95);
        Tensor images = SmallNetworks.RandomImages(seed: 1, height: 64, width: 95);
        // Without rounding to speak of, so that only the scoring network's own is measured.
        network.MoveTo(ScalarType.Float64);
        Tensor exact = images.to(ScalarType.Float64);

        using LiveMaps start = LiveMaps.Of(layout, images), exactStart = LiveMaps.Of(layout, exact);
        foreach (int end in (int[])[.. layout.KeyedMaps.Select(map => map.Index + 1), layout.Layers.Count])
        {
            foreach ((Tensor expected, Tensor actual) in network.Run(exactStart, end).Maps.Zip(scoring.RunInParts(start, end).Maps))
            {
                Assert.Equal(expected.shape, actual.shape);
                Assert.True(SmallNetworks.Difference(expected, actual) < 1e-5, $"up to layer {end}");
            }
        }
    }

    // Wide enough for Winograd's convolutions, and said to run on images that are large enough, of which two run at once; then on others.
    [Theory]
    [InlineData("Basic", 8)]
    [InlineData("Bottleneck", 8)]
    [InlineData("Bottleneck", 16)]
    public void A_wide_network_computes_the_same_and_leaves_no_tensors_behind(string block, int outputStride)
    {
        long before = SmallNetworks.LiveTensors;
        using (NewDisposeScope())
        using (no_grad())
        {
            var layout = FcnLayout.Create(new ResNet(Enum.Parse<ResidualBlock>(block), [1, 2, 2, 2], 64, outputStride), 3);
            using TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 3));
            using var scoring = new ScoringNetwork(network, 256, 256);
            Tensor images = SmallNetworks.RandomImages(seed: 1, count: 5, height: 64, width: 95);
            Tensor actual = scoring.Score(images);
            network.MoveTo(ScalarType.Float64);
            Assert.True(SmallNetworks.Difference(network.Score(images.to(ScalarType.Float64)), actual) < 1e-4);
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Theory]
    [MemberData(nameof(SmallNetworks.Kinds), MemberType = typeof(SmallNetworks))]
    public void May_be_made_in_parts(string kind)
    {
        using var scope = NewDisposeScope();
        NetworkLayout layout = SmallNetworks.Layout(kind);
        using TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 3));
        Tensor images = SmallNetworks.RandomImages(seed: 1);
        using var whole = new ScoringNetwork(network, 32, 32);
        byte[] expected = whole.Score(images).contiguous().bytes.ToArray();

        foreach (KeyedMap map in layout.KeyedMaps)
        {
            using ScoringNetwork below = new(network, 32, 32, 0, map.Index + 1), above = new(network, 32, 32, map.Index + 1);
            using LiveMaps start = LiveMaps.Of(layout, images), middle = below.RunInParts(start, map.Index + 1);
            Tensor[] copies = [.. middle.Maps.Select(values => values.clone())];
            Assert.Equal(expected, above.Score(middle).contiguous().bytes.ToArray());
            // Blocks add to their shortcut in place, but not to what they are given.
            Assert.All(copies.Zip(middle.Maps), pair => Assert.True(pair.First.Equals(pair.Second)));
        }
    }

    // bfloat16 has 8 bits of precision: what it changes is in the hundredths, and it is there.
    [Theory]
    [MemberData(nameof(SmallNetworks.Kinds), MemberType = typeof(SmallNetworks))]
    public void Computes_nearly_the_same_in_bfloat16_and_leaves_no_tensors_behind(string kind)
    {
        NetworkLayout layout = SmallNetworks.Layout(kind);
        using TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 3));
        using Tensor images = SmallNetworks.RandomImages(seed: 1);
        long before = SmallNetworks.LiveTensors;
        using (NewDisposeScope())
        {
            using ScoringNetwork single = new(network, 32, 32), small = new(network, 32, 32, precision: ScoringPrecision.BFloat16);
            Tensor expected = single.Score(images), actual = small.Score(images);
            Assert.Equal(ScalarType.Float32, actual.dtype);
            Assert.InRange(SmallNetworks.Difference(expected, actual), 1e-4, 0.05);
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void Folds_with_factors_computed_in_double_precision()
    {
        using var scope = NewDisposeScope();
        NetworkLayout layout = SmallNetworks.Layout("Bottleneck");
        Dictionary<string, Tensor> state = SmallNetworks.RandomState(layout, seed: 3);
        float[] Values(string name) => state[name].data<float>().ToArray();
        float[] weights = Values("backbone.layer2.0.downsample.0.weight"), gamma = Values("backbone.layer2.0.downsample.1.weight"),
            beta = Values("backbone.layer2.0.downsample.1.bias"), mean = Values("backbone.layer2.0.downsample.1.running_mean"),
            variance = Values("backbone.layer2.0.downsample.1.running_var");

        Convolution projection = layout.Convolutions.Single(layer => layer.Name == "backbone.layer2.0.downsample.0");
        float[] folded = new float[weights.Length], bias = new float[gamma.Length];
        BatchNormFolding.Fold(projection, name => Values(name), folded, bias);
        int inputs = weights.Length / gamma.Length;
        Assert.Equal(weights.Select((weight, i) => weight * (float)Scale(i / inputs)), folded);
        Assert.Equal(beta.Select((shift, i) => (float)(shift - mean[i] * Scale(i))), bias);

        double Scale(int channel) => gamma[channel] / Math.Sqrt(variance[channel] + 1e-5);
    }

    [Fact]
    public void Leaves_no_tensors_behind()
    {
        NetworkLayout layout = SmallNetworks.Layout("Bottleneck");
        using TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 3));
        using Tensor images = SmallNetworks.RandomImages(seed: 1);
        long before = SmallNetworks.LiveTensors;
        using (var scoring = new ScoringNetwork(network, 32, 32))
        {
            // The first run may put weights in the order for so many images.
            scoring.Score(images).Dispose();
            long made = SmallNetworks.LiveTensors;
            Assert.True(made > before);
            scoring.Score(images).Dispose();
            Assert.Equal(made, SmallNetworks.LiveTensors);
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }
}
