using Microsoft.ML.PermutedSegmentation.Distribution;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Batch norm over several processes is libtorch's over all images.</summary>
public sealed class SynchronizedNormTests
{
    private const int Channels = 3;

    [Theory]
    [InlineData(2, 5, 4)]
    [InlineData(3, 5, 1)]
    [InlineData(3, 3, 1)]
    public void Values_statistics_and_gradients_are_those_of_one_batch(int size, int images, int side)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        Tensor all = randn([images, Channels, side, side], generator: generator) * 2 + 5, gradient = randn(all.shape, generator: generator);
        float[] x = all.data<float>().ToArray(), dy = gradient.data<float>().ToArray();

        var expected = Run(all, gradient, (input, norm) =>
            nn.functional.batch_norm(input, norm.RunningMean, norm.RunningVariance, norm.Weight, norm.Bias, training: true, norm.Momentum, norm.Epsilon));
        var shares = ProcessGroups.Run(size, group =>
        {
            using var own = NewDisposeScope();
            var share = ImageShare.Of(images, group);
            Tensor Cut(float[] values) => tensor(values).reshape(images, Channels, side, side).narrow(0, share.First, share.Count).clone();
            return Run(Cut(x), Cut(dy), (input, norm) => SynchronizedNorm.Apply(input, norm, new SharedLearning(group, synchronizesNorm: true)));
        });

        Equal(expected.Y, [.. shares.SelectMany(share => share.Y)], "values");
        Equal(expected.OfX, [.. shares.SelectMany(share => share.OfX)], "gradient of the input");
        Equal(expected.OfParameters, [.. Enumerable.Range(0, 2 * Channels).Select(i => shares.Sum(share => share.OfParameters[i]))], "gradients of the parameters");
        Assert.All(shares, share => Equal(expected.Running, share.Running, "running statistics"));
        Assert.All(shares, share => Assert.Equal(shares[0].Running, share.Running));
    }

    private static (float[] Y, float[] OfX, float[] OfParameters, float[] Running) Run(
        Tensor x, Tensor gradient, Func<Tensor, SynchronizedNorm.NormTensors, Tensor> apply)
    {
        Tensor mean = full(Channels, 0.5f), variance = full(Channels, 2f);
        Tensor weight = tensor([1.5f, -0.5f, 2f]).requires_grad_(), bias = tensor([0.1f, 0.2f, 0.3f]).requires_grad_(), input = x.requires_grad_();
        Tensor y = apply(input, new SynchronizedNorm.NormTensors(mean, variance, weight, bias, 0.3, 1e-5));
        y.backward([gradient]);
        return (Values(y), Values(input.grad!), [.. Values(weight.grad!), .. Values(bias.grad!)], [.. Values(mean), .. Values(variance)]);
    }

    private static float[] Values(Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();

    private static void Equal(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(Math.Abs);
        Assert.True(expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max() <= 1e-5 * Math.Max(largest, 1), $"{what}: {string.Join(' ', expected.Take(8))} and {string.Join(' ', actual.Take(8))}");
    }
}
