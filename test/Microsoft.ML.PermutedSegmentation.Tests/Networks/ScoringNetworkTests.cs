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
    public void Computes_every_map_of_the_network_it_was_made_from(string block, int outputStride)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        FcnArchitecture architecture = SmallNetworks.Architecture(block, outputStride);
        using FcnNetwork network = FcnNetwork.FromState(architecture, SmallNetworks.RandomState(architecture, seed: 3));
        using var scoring = new ScoringNetwork(network, 64, 95);
        Tensor images = SmallNetworks.RandomImages(seed: 1, height: 64, width: 95);
        // Without rounding to speak of, so that only the scoring network's own is measured.
        network.to(ScalarType.Float64);
        Tensor exact = images.to(ScalarType.Float64);

        for (int map = 1; map <= FcnNetwork.Scores; map++)
        {
            Tensor expected = network.Run(exact, 0, map);
            Tensor actual = scoring.Run(images, 0, map);
            Assert.Equal(expected.shape, actual.shape);
            Assert.True(SmallNetworks.Difference(expected, actual) < 1e-5, $"map {map}");
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
            var architecture = new FcnArchitecture(Enum.Parse<ResidualBlock>(block), (1, 2, 2, 2), baseWidth: 64, outputStride, classCount: 3);
            using FcnNetwork network = FcnNetwork.FromState(architecture, SmallNetworks.RandomState(architecture, seed: 3));
            using var scoring = new ScoringNetwork(network, 256, 256);
            Tensor images = SmallNetworks.RandomImages(seed: 1, count: 5, height: 64, width: 95);
            Tensor actual = scoring.Run(images, 0, FcnNetwork.Scores);
            network.to(ScalarType.Float64);
            Assert.True(SmallNetworks.Difference(network.Run(images.to(ScalarType.Float64), 0, FcnNetwork.Scores), actual) < 1e-4);
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Bottleneck")]
    public void May_be_made_in_parts(string block)
    {
        using var scope = NewDisposeScope();
        FcnArchitecture architecture = SmallNetworks.Architecture(block);
        using FcnNetwork network = FcnNetwork.FromState(architecture, SmallNetworks.RandomState(architecture, seed: 3));
        Tensor images = SmallNetworks.RandomImages(seed: 1);
        using var whole = new ScoringNetwork(network, 32, 32);
        byte[] expected = whole.Run(images, 0, FcnNetwork.Scores).contiguous().bytes.ToArray();

        for (int map = 1; map < FcnNetwork.Scores; map++)
        {
            using ScoringNetwork below = new(network, 32, 32, 0, map), above = new(network, 32, 32, map);
            Tensor maps = below.Run(images, 0, map), copy = maps.clone();
            Assert.Equal(expected, above.Run(maps, map, FcnNetwork.Scores).contiguous().bytes.ToArray());
            // Blocks add to their shortcut in place, but not to what they are given.
            Assert.True(copy.Equals(maps));
        }
    }

    [Fact]
    public void Folds_with_factors_computed_in_double_precision()
    {
        using var scope = NewDisposeScope();
        FcnArchitecture architecture = SmallNetworks.Architecture("Bottleneck");
        Dictionary<string, Tensor> state = SmallNetworks.RandomState(architecture, seed: 3);
        float[] Values(string name) => state[name].data<float>().ToArray();
        float[] weights = Values("backbone.layer2.0.downsample.0.weight"), gamma = Values("backbone.layer2.0.downsample.1.weight"),
            beta = Values("backbone.layer2.0.downsample.1.bias"), mean = Values("backbone.layer2.0.downsample.1.running_mean"),
            variance = Values("backbone.layer2.0.downsample.1.running_var");

        (Tensor folded, Tensor bias) = BatchNormFolding.Fold(state, "backbone.layer2.0.downsample.0");
        int inputs = weights.Length / gamma.Length;
        Assert.Equal(weights.Select((weight, i) => weight * (float)Scale(i / inputs)), folded.data<float>().ToArray());
        Assert.Equal(beta.Select((shift, i) => (float)(shift - mean[i] * Scale(i))), bias.data<float>().ToArray());

        double Scale(int channel) => gamma[channel] / Math.Sqrt(variance[channel] + 1e-5);
    }

    [Fact]
    public void Leaves_no_tensors_behind()
    {
        FcnArchitecture architecture = SmallNetworks.Architecture("Bottleneck");
        using FcnNetwork network = FcnNetwork.FromState(architecture, SmallNetworks.RandomState(architecture, seed: 3));
        using Tensor images = SmallNetworks.RandomImages(seed: 1);
        long before = SmallNetworks.LiveTensors;
        using (var scoring = new ScoringNetwork(network, 32, 32))
        {
            long made = SmallNetworks.LiveTensors;
            Assert.True(made > before);
            scoring.Run(images, 0, FcnNetwork.Scores).Dispose();
            Assert.Equal(made, SmallNetworks.LiveTensors);
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }
}
