using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>
/// Dropout whose masks come from the training's own generator, so that a seed gives the same masks whatever else the process
/// draws; on a GPU, others than on the CPU. (libtorch's own dropout only knows the global generator.)
/// </summary>
internal static class SeededDropout
{
    /// <summary>Sets values to 0 at random and scales the others up.</summary>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="probability">How likely a value becomes 0.</param>
    /// <param name="generator">Where the mask comes from.</param>
    /// <param name="share">Which of the images that the processes of a training have together x is of; null for all.</param>
    /// <exception cref="InvalidOperationException">There is no generator.</exception>
    public static Tensor Apply(Tensor x, double probability, Generator? generator, ImageShare? share = null)
    {
        if (generator is null)
            throw new InvalidOperationException("To train this network, build it with a random generator.");
        return x.device_type == DeviceType.CPU ? OnCpu(x, probability, generator, share) : OnGpu(x, probability, generator, share);
    }

    // Of all processes' images, so that it is the one that a process alone would draw.
    private static Tensor OnCpu(Tensor x, double probability, Generator generator, ImageShare? share)
    {
        using Tensor all = empty([share?.Total ?? x.shape[0], .. x.shape[1..]], dtype: ScalarType.Byte).bernoulli_(1 - probability, generator);
        using Tensor kept = all.narrow(0, share?.First ?? 0, x.shape[0]);
        using var scale = kept.to(x.dtype).Divide(1 - probability);
        return x.mul(scale);
    }

    // TorchSharp has no generators of a GPU but the global one, and the mask of a batch takes the CPU longer than the network takes the GPU.
    private static Tensor OnGpu(Tensor x, double probability, Generator generator, ImageShare? share)
    {
        using Tensor seed = randint(long.MaxValue, [1L], dtype: ScalarType.Int64, device: CPU, generator: generator);
        cuda.manual_seed_all(seed.ReadCpuInt64(0) + (share?.First ?? 0));
        return nn.functional.dropout(x, probability, training: true);
    }
}
