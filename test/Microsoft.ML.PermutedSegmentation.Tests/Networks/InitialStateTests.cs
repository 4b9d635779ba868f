using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class InitialStateTests
{
    private static readonly NetworkLayout Small = SmallNetworks.Layout("Basic");

    [Fact]
    public void A_seed_gives_the_same_bits_whatever_else_draws_random_numbers()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        var first = InitialStateAndTrainingScores(seed: 5);
        random.manual_seed(2);
        var second = InitialStateAndTrainingScores(seed: 5);
        var other = InitialStateAndTrainingScores(seed: 6);

        Assert.Equal(first.State, second.State);
        Assert.Equal(first.Scores, second.Scores);
        Assert.NotEqual(first.State, other.State);
        Assert.NotEqual(first.Scores, other.Scores);
    }

    [Fact]
    public void The_global_generator_is_left_alone()
    {
        using var scope = NewDisposeScope();
        byte[] before = get_rng_state().bytes.ToArray();
        InitialStateAndTrainingScores(seed: 5);

        Assert.Equal(before, get_rng_state().bytes.ToArray());
    }

    [Fact]
    public void Weights_are_drawn_as_in_torchvision()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var layout = FcnLayout.Create(new ResNet(ResidualBlock.Bottleneck, [1, 1, 1, 1], 32, 32), 40);
        using var network = new TorchNetwork(layout, generator);
        var state = network.State;

        // Backbone: normal with variance 2 / (outputs x kernel area). 49152 weights: the standard deviation is within 2%.
        var convolution = state["backbone.layer3.0.conv2.weight"];
        Assert.Equal([128, 128, 3, 3], convolution.shape);
        Assert.Equal(Math.Sqrt(2.0 / (128 * 9)), convolution.std().item<float>(), tolerance: 0.02 * Math.Sqrt(2.0 / (128 * 9)));
        Assert.Equal(0, convolution.mean().item<float>(), tolerance: 0.001);
        Assert.True(convolution.abs().max().item<float>() > 3 * Math.Sqrt(2.0 / (128 * 9)));

        // Head: uniform between plus and minus 1 / sqrt(inputs x kernel area).
        AssertUniform(state["classifier.0.weight"], 1 / Math.Sqrt(1024 * 9));
        AssertUniform(state["classifier.4.weight"], 1 / Math.Sqrt(256));
        Assert.InRange(state["classifier.4.bias"].abs().max().item<float>(), 0.8 / Math.Sqrt(256), 1 / Math.Sqrt(256));

        Assert.All(
            state.Where(e => e.Value.shape.Length == 1 && e.Key != "classifier.4.bias"),
            e => Assert.True(e.Value.eq(e.Key.EndsWith("weight") || e.Key.EndsWith("var") ? 1 : 0).all().item<bool>(), e.Key));
        Assert.All(network.Parameters.Select(parameter => parameter.Value), parameter => Assert.True(parameter.requires_grad));
        Assert.True(network.IsTraining);
    }

    private static void AssertUniform(Tensor values, double bound)
    {
        Assert.InRange(values.abs().max().item<float>(), 0.99 * bound, bound);
        Assert.Equal(bound / Math.Sqrt(3), values.std().item<float>(), tolerance: 0.02 * bound);
    }

    private static (byte[] State, byte[] Scores) InitialStateAndTrainingScores(ulong seed)
    {
        using var generator = new Generator(seed);
        using var network = new TorchNetwork(Small, generator);
        byte[] state = [.. network.State.Values.SelectMany(tensor => tensor.bytes.ToArray())];
        using var images = SmallNetworks.RandomImages(2);
        using var scores = network.Forward(images);
        return (state, scores.bytes.ToArray());
    }
}
