using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>
/// What a convolution reads of a map and what its batch norm says that it computed: with w' the stored weights and α the order
/// in which it expects the channels, mean and variance of its outputs over many images follow from means and covariances of
/// the map's channels.
/// </summary>
/// <param name="Weights">[outputs, channels, taps].</param>
/// <param name="Means">[channels, taps], of the map's channels at each tap of the kernel.</param>
/// <param name="Covariance">[channels * taps, channels * taps].</param>
/// <param name="RunningMean">[outputs], of the batch norm.</param>
/// <param name="RunningVariance">[outputs], of the batch norm.</param>
internal sealed record ReaderStatistics(Tensor Weights, Tensor Means, Tensor Covariance, Tensor RunningMean, Tensor RunningVariance)
{
    // The covariance of more values takes too much memory; the taps are then taken for equal.
    private const long MostValues = 5000;

    /// <summary>The statistics of a reader over batches of a map as it is before its permutation. All tensors go to the current scope.</summary>
    public static ReaderStatistics Of(Convolution convolution, BatchNorm norm, IReadOnlyDictionary<string, Tensor> state, IReadOnlyList<Tensor> maps)
    {
        using var scope = NewDisposeScope();
        Tensor weights = state[$"{convolution.Name}.weight"].detach().cpu();
        long channels = convolution.InputChannels, kernel = convolution.Kernel, stride = convolution.Step;
        if (channels * kernel * kernel > MostValues)
            (weights, kernel) = (weights.sum([2, 3], keepdim: true), 1);

        long values = channels * kernel * kernel, count = 0;
        Tensor sum = zeros(values), products = zeros(values, values);
        foreach (Tensor map in maps)
        {
            using var inner = NewDisposeScope();
            Tensor patches = nn.functional.unfold(map.cpu(), kernel, dilation: convolution.Dilation, padding: convolution.Dilation * (kernel / 2), stride: stride).transpose(0, 1).flatten(1);
            sum.Add(patches.sum(1));
            products.Add(patches.matmul(patches.t()));
            count += patches.shape[1];
        }
        Tensor mean = sum.Over(count);
        Tensor covariance = products.Over(count).sub_(mean.outer(mean));
        return new ReaderStatistics(
            weights.flatten(2).clone().MoveToOuterDisposeScope(), mean.reshape(channels, -1).MoveToOuterDisposeScope(), covariance.MoveToOuterDisposeScope(),
            state[$"{norm.Name}.running_mean"].detach().cpu().clone().MoveToOuterDisposeScope(),
            state[$"{norm.Name}.running_var"].detach().cpu().Plus(norm.Epsilon).MoveToOuterDisposeScope());
    }

    /// <summary>How far outputs read through a matrix are from what the batch norm remembers: 0 for the right one, but for sampling.</summary>
    public Tensor Mismatch(Tensor matrix)
    {
        Tensor effective = einsum("oik,ij->ojk", Weights, matrix).flatten(1);
        Tensor mean = effective.matmul(Means.flatten());
        Tensor variance = effective.matmul(Covariance).mul(effective).sum(1).AtLeast(1e-8);
        return mean.sub(RunningMean).square().div(RunningVariance).sum()
            .Plus(variance.log().sub(RunningVariance.log()).square().sum().Times(0.5));
    }
}
