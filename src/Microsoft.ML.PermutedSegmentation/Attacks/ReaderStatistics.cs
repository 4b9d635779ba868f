using TorchSharp;
using TorchSharp.Modules;
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
    public static ReaderStatistics Of(Conv2d convolution, BatchNorm2d norm, IReadOnlyList<Tensor> maps)
    {
        using var scope = NewDisposeScope();
        Tensor weights = convolution.weight!.detach().cpu();
        long channels = weights.shape[1], kernel = weights.shape[2], stride = convolution.stride[0];
        if (channels * kernel * kernel > MostValues)
            (weights, kernel) = (weights.sum([2, 3], keepdim: true), 1);

        long values = channels * kernel * kernel, count = 0;
        Tensor sum = zeros(values), products = zeros(values, values);
        foreach (Tensor map in maps)
        {
            using var inner = NewDisposeScope();
            Tensor patches = nn.functional.unfold(map.cpu(), kernel, padding: kernel / 2, stride: stride).transpose(0, 1).flatten(1);
            sum.add_(patches.sum(1));
            products.add_(patches.matmul(patches.t()));
            count += patches.shape[1];
        }
        Tensor mean = sum.div(count);
        Tensor covariance = products.div(count).sub_(mean.outer(mean));
        return new ReaderStatistics(
            weights.flatten(2).clone().MoveToOuterDisposeScope(), mean.reshape(channels, -1).MoveToOuterDisposeScope(), covariance.MoveToOuterDisposeScope(),
            norm.running_mean!.detach().cpu().clone().MoveToOuterDisposeScope(),
            norm.running_var!.detach().cpu().add(1e-5).MoveToOuterDisposeScope());
    }

    /// <summary>How far outputs read through a matrix are from what the batch norm remembers: 0 for the right one, but for sampling.</summary>
    public Tensor Mismatch(Tensor matrix)
    {
        Tensor effective = einsum("oik,ij->ojk", Weights, matrix).flatten(1);
        Tensor mean = effective.matmul(Means.flatten());
        Tensor variance = effective.matmul(Covariance).mul(effective).sum(1).clamp_min(1e-8);
        return mean.sub(RunningMean).square().div(RunningVariance).sum()
            .add(variance.log().sub(RunningVariance.log()).square().sum().mul(0.5));
    }
}
