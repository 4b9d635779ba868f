using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The blocks against their definition, written with functions and nothing in place, scores and gradients.</summary>
public sealed class ResidualBlockTests
{
    [Theory]
    [InlineData("layer1.0", 8, 1)] // identity shortcut
    [InlineData("layer2.0", 8, 2)] // projection with stride
    public void A_basic_block_follows_its_definition(string name, int inputs, int stride) =>
        AssertFollows(ResidualBlock.Basic, outputStride: 32, name, inputs, (x, state, training) =>
        {
            var y = relu(Norm(state, "bn1", Convolve(state, "conv1", x, stride), training));
            y = Norm(state, "bn2", Convolve(state, "conv2", y), training);
            return relu(y + Shortcut(state, x, stride, training));
        });

    [Theory]
    [InlineData("layer1.1", 32, 1, 1, 32)] // identity shortcut
    [InlineData("layer2.0", 32, 2, 1, 32)] // projection; the 3x3 convolution has the stride
    [InlineData("layer4.0", 128, 1, 2, 8)] // dilated instead
    public void A_bottleneck_follows_its_definition(string name, int inputs, int stride, int dilation, int outputStride) =>
        AssertFollows(ResidualBlock.Bottleneck, outputStride, name, inputs, (x, state, training) =>
        {
            var y = relu(Norm(state, "bn1", Convolve(state, "conv1", x), training));
            y = relu(Norm(state, "bn2", Convolve(state, "conv2", y, stride, dilation), training));
            y = Norm(state, "bn3", Convolve(state, "conv3", y), training);
            return relu(y + Shortcut(state, x, stride, training));
        });

    private static void AssertFollows(
        ResidualBlock kind, int outputStride, string name, int inputs,
        Func<Tensor, IReadOnlyDictionary<string, Tensor>, bool, Tensor> definition)
    {
        foreach (bool training in (bool[])[false, true])
        {
            using var scope = NewDisposeScope();
            var layout = SmallNetworks.Layout($"{kind}", outputStride);
            var state = SmallNetworks.RandomState(layout, seed: 1);
            using var generator = new Generator(2);
            using var network = TorchNetwork.FromState(layout, state, generator);
            network.Train(training);
            string prefix = $"backbone.{name}.";
            var reference = state.Where(e => e.Key.StartsWith(prefix)).ToDictionary(e => e.Key[prefix.Length..], e => network.State[e.Key].detach().clone());
            int first = layout.Convolutions.First(layer => layer.Name.StartsWith(prefix)).Index;
            int end = layout.Layers.OfType<Sum>().First(sum => sum.Index > first).Index + 1;
            foreach (var weight in reference.Values)
                weight.requires_grad_(true);
            var x = empty(2, inputs, 9, 12).normal_(0, 1, generator).requires_grad_(true);
            var sameX = x.detach().clone().requires_grad_(true);

            var actual = network.Run(new LiveMaps(layout, first, [x]), end).Only;
            var expected = definition(sameX, reference, training);
            Assert.True(SmallNetworks.Difference(expected, actual) < 1e-5);

            var slope = empty_like(actual).normal_(0, 1, generator);
            (actual * slope).sum().backward();
            (expected * slope).sum().backward();
            Assert.True(SmallNetworks.Difference(sameX.grad!, x.grad!) < 1e-4);
            foreach (var (parameterName, parameter) in network.Parameters.Where(entry => entry.Name.StartsWith(prefix)))
                Assert.True(SmallNetworks.Difference(reference[parameterName[prefix.Length..]].grad!, parameter.grad!) < 1e-4, parameterName);
        }
    }

    private static Tensor Convolve(IReadOnlyDictionary<string, Tensor> state, string name, Tensor x, int stride = 1, int dilation = 1)
    {
        var weight = state[$"{name}.weight"];
        long padding = weight.shape[2] == 3 ? dilation : 0;
        return conv2d(x, weight, strides: [stride, stride], padding: [padding, padding], dilation: [dilation, dilation]);
    }

    private static Tensor Norm(IReadOnlyDictionary<string, Tensor> state, string name, Tensor x, bool training)
    {
        // Written out: (x - mean) / sqrt(variance + 1e-5), by the batch when training.
        long[] pixels = [0, 2, 3];
        var mean = training ? x.mean(pixels) : state[$"{name}.running_mean"];
        var variance = training ? (x - PerChannel(mean)).square().mean(pixels) : state[$"{name}.running_var"];
        return ((x - PerChannel(mean)) / (PerChannel(variance) + 1e-5).sqrt() * PerChannel(state[$"{name}.weight"]))
            + PerChannel(state[$"{name}.bias"]);
    }

    private static Tensor Shortcut(IReadOnlyDictionary<string, Tensor> state, Tensor x, int stride, bool training) =>
        state.ContainsKey("downsample.0.weight")
            ? Norm(state, "downsample.1", Convolve(state, "downsample.0", x, stride), training)
            : x;

    private static Tensor PerChannel(Tensor values) => values.reshape(1, -1, 1, 1);
}
