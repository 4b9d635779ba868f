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
    /// <exception cref="InvalidOperationException">There is no generator.</exception>
    public static Tensor Apply(Tensor x, double probability, Generator? generator)
    {
        if (generator is null)
            throw new InvalidOperationException("To train this network, build it with a random generator.");
        return x.device_type == DeviceType.CPU ? OnCpu(x, probability, generator) : OnGpu(x, probability, generator);
    }

    private static Tensor OnCpu(Tensor x, double probability, Generator generator)
    {
        using var kept = empty(x.shape, dtype: ScalarType.Byte).bernoulli_(1 - probability, generator);
        using var scale = kept.to(x.dtype).Divide(1 - probability);
        return x.mul(scale);
    }

    // TorchSharp has no generators of a GPU but the global one, and the mask of a batch takes the CPU longer than the network takes the GPU.
    private static Tensor OnGpu(Tensor x, double probability, Generator generator)
    {
        using Tensor seed = randint(long.MaxValue, [1L], dtype: ScalarType.Int64, device: CPU, generator: generator);
        cuda.manual_seed_all(seed.ReadCpuInt64(0));
        return nn.functional.dropout(x, probability, training: true);
    }
}
