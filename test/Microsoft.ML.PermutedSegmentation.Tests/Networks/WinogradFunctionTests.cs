using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class WinogradFunctionTests
{
    [Theory]
    [InlineData(128, 128, 1, 8, 8)]
    [InlineData(128, 144, 1, 9, 14)]
    [InlineData(144, 128, 2, 16, 32)]
    [InlineData(128, 128, 2, 11, 6)]
    [InlineData(128, 128, 4, 3, 19)]
    [InlineData(128, 128, 1, 70, 90)] // more tiles than are made at once
    [InlineData(128, 128, 4, 5, 1100)] // one row of tiles is more than that
    public void Has_the_gradients_of_a_convolution(long channels, long outputs, long dilation, long height, long width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor weights = randn([outputs, channels, 3, 3], generator: generator).div_(Math.Sqrt(9 * channels)).requires_grad_();
        Tensor images = randn([2, channels, height, width], generator: generator).requires_grad_();
        Tensor above = randn([2, outputs, height, width], generator: generator);

        WinogradFunction.Convolve(images, weights, dilation).backward([above]);

        Tensor exactWeights = Exact(weights), exactImages = Exact(images);
        nn.functional.conv2d(exactImages, exactWeights, null, [1L, 1], [dilation, dilation], [dilation, dilation]).backward([above.to(ScalarType.Float64)]);
        Assert.InRange(RelativeDifference(exactImages.grad!, images.grad!), 0, 2e-5);
        Assert.InRange(RelativeDifference(exactWeights.grad!, weights.grad!), 0, 2e-5);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Only_what_is_learned_has_a_gradient(bool images, bool weights)
    {
        using var scope = NewDisposeScope();
        Tensor x = ones(1, 128, 8, 16).requires_grad_(images), w = ones(128, 128, 3, 3).requires_grad_(weights), y = WinogradFunction.Convolve(x, w, 1);
        Assert.Equal(images || weights, y.requires_grad);
        if (y.requires_grad)
            y.sum().backward();
        // In the middle of the map each pixel is read by nine taps of 128 outputs; the middle tap reads each of 8 x 16 pixels.
        Assert.Equal(images ? 9 * 128 : null, Rounded(x.grad?[0, 0, 4, 8]));
        Assert.Equal(weights ? 8 * 16 : null, Rounded(w.grad?[0, 0, 1, 1]));

        static double? Rounded(Tensor? value) => value is null ? null : Math.Round(value.ToDouble(), 2);
    }

    // A training that diverges has to be noticed.
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_not_finite_does_not_become_so(float value)
    {
        using var scope = NewDisposeScope();
        Tensor x = ones(1, 128, 16, 16), w = ones(128, 128, 3, 3).requires_grad_();
        x[0, 5, 8, 8] = value;
        Tensor y = WinogradFunction.Convolve(x, w, 1);
        y.sum().backward();
        Assert.False(y[0, 7, 8, 8].isfinite().ToBoolean());
        Assert.False(w.grad![7, 5, 1, 1].isfinite().ToBoolean());
    }

    [Theory]
    [InlineData("Bottleneck")]
    [InlineData("Basic")]
    public void A_network_that_uses_it_has_the_gradients_that_it_has_in_double_precision(string block)
    {
        // What is near 0 may be on the other side of a ReLU after rounding, by the processor's vectors for other images. What is wrong is wrong for all.
        string[][] different = [.. ((ulong[])[2, 3, 4, 5]).Select(seed => DifferentGradients(block, seed))];
        Assert.True(different.Any(names => names.Length == 0), string.Join("; ", different.Select(names => string.Join(' ', names))));
    }

    private static string[] DifferentGradients(string block, ulong seed)
    {
        using var scope = NewDisposeScope();
        // In double precision libtorch's own convolutions are used.
        var layout = FcnLayout.Create(new ResNet(Enum.Parse<ResidualBlock>(block), [1, 1, 1, 1], 64, 8), 3);
        Dictionary<string, Tensor> state = SmallNetworks.RandomState(layout, seed: 1);
        using TorchNetwork exact = TorchNetwork.FromState(layout, state.ToDictionary(entry => entry.Key, entry => entry.Value.clone()));
        exact.MoveTo(ScalarType.Float64);
        using TorchNetwork network = TorchNetwork.FromState(layout, state);
        Tensor images = SmallNetworks.RandomImages(seed, height: 128, width: 128);

        long tensors = SmallNetworks.LiveTensors;
        for (int pass = 0; pass < 3; pass++)
        {
            using var step = NewDisposeScope();
            foreach ((_, TorchSharp.Modules.Parameter parameter) in network.Parameters)
                parameter.grad?.zero_();
            network.Forward(images).square().mean().backward();
        }
        // Each pass has freed what it made.
        Assert.Equal(tensors, SmallNetworks.LiveTensors);
        exact.Forward(images.to(ScalarType.Float64)).square().mean().backward();
        return [.. exact.Parameters.Zip(network.Parameters)
            .Where(pair => RelativeDifference(pair.First.Value.grad!, pair.Second.Value.grad!) >= 1e-4).Select(pair => pair.First.Name)];
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(64, false)]
    public void Layers_of_many_channels_use_it(int channels, bool expected)
    {
        using var scope = NewDisposeScope();
        NetworkLayout layout = FcnLayout.Create(new ResNet(ResidualBlock.Basic, [1, 1, 1, 1], channels, 8), 2);
        using var generator = new Generator(1);
        using var network = new TorchNetwork(layout, generator);
        network.Train(false);
        Convolution layer = layout.Convolutions.First(layer => layer.Name == "backbone.layer1.0.conv1");
        Tensor x = randn(1, channels, 16, 16), y = nn.functional.conv2d(x, network.State["backbone.layer1.0.conv1.weight"], padding: [1L, 1]);
        Tensor actual = network.Run(new LiveMaps(layout, layer.Index, [x]), layer.Index + 1).Of(layer);
        // Batch norm that has learned nothing, as libtorch's own network applies it.
        y = nn.functional.batch_norm(y, zeros(channels), ones(channels)).relu_();
        // The same but for rounding.
        Assert.Equal(expected, !actual.Equals(y));
        Assert.InRange(RelativeDifference(y.to(ScalarType.Float64), actual), 0, 2e-5);
    }

    private static Tensor Exact(Tensor values) => values.detach().to(ScalarType.Float64).requires_grad_();

    private static double RelativeDifference(Tensor expected, Tensor actual) =>
        (expected - actual.to(ScalarType.Float64)).abs().max().ToDouble() / expected.abs().max().ToDouble();
}
