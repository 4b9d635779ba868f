using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class SeededDropoutTests
{
    public static TheoryData<DeviceType> Devices => cuda.is_available() ? [DeviceType.CPU, DeviceType.CUDA] : [DeviceType.CPU];

    [Theory]
    [MemberData(nameof(Devices))]
    public void Training_drops_the_given_share_and_scales_the_rest(DeviceType device)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        var x = full(100000, 3f, device: new Device(device)).requires_grad_(true);
        var y = SeededDropout.Apply(x, 0.1, generator);
        y.sum().backward();

        float[] values = y.cpu().data<float>().ToArray();
        Assert.InRange(values.Count(value => value == 0), 9500, 10500);
        Assert.All(values.Where(value => value != 0), value => Assert.Equal(3 / 0.9, value, tolerance: 1e-5));
        Assert.Equal(values.Select(value => value / 3), x.grad!.cpu().data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.NotEqual(values, SeededDropout.Apply(x, 0.1, generator).cpu().data<float>().ToArray());
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void The_same_seed_drops_the_same_whatever_else_is_drawn(DeviceType device)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Drop(), Drop());

        float[] Drop()
        {
            using var generator = new Generator(4);
            var x = ones(1000, device: new Device(device));
            _ = rand(7, device: new Device(device));
            float[] first = SeededDropout.Apply(x, 0.5, generator).cpu().data<float>().ToArray();
            _ = rand(7, device: new Device(device));
            return [.. first, .. SeededDropout.Apply(x, 0.5, generator).cpu().data<float>().ToArray()];
        }
    }

    [Fact]
    public void Evaluation_drops_nothing()
    {
        using var scope = NewDisposeScope();
        NetworkLayout layout = SmallNetworks.Layout("Basic");
        using TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 1));
        int dropout = layout.Layers.OfType<Networks.Dropout>().Single().Index;
        Tensor x = rand(1, layout.Find(FeatureMaps.Head).Channels, 5, 5);

        Assert.Equal(x.data<float>().ToArray(), network.Run(new LiveMaps(layout, dropout, [x]), dropout + 1).Only.data<float>().ToArray());
    }

    [Fact]
    public void Training_without_a_generator_is_an_error()
    {
        using var x = ones(3);

        Assert.Throws<InvalidOperationException>(() => SeededDropout.Apply(x, 0.1, generator: null));
    }
}
