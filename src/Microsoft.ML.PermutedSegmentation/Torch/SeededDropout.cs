using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>
/// Dropout whose masks come from the training's own generator, so that a seed gives the same masks whatever else the process
/// draws; on a GPU, others than on the CPU. (libtorch's own dropout only knows the global generator.)
/// </summary>
internal sealed class SeededDropout(double probability, Generator? generator) : nn.Module<Tensor, Tensor>(nameof(SeededDropout))
{
    public override Tensor forward(Tensor x)
    {
        if (!training)
            return x.alias();
        if (generator is null)
            throw new InvalidOperationException("To train this network, build it with a random generator.");
        return x.device_type == DeviceType.CPU ? OnCpu(x, generator) : OnGpu(x, generator);
    }

    private Tensor OnCpu(Tensor x, Generator generator)
    {
        using var kept = empty(x.shape, dtype: ScalarType.Byte).bernoulli_(1 - probability, generator);
        using var scale = kept.to(x.dtype).div_(1 - probability);
        return x.mul(scale);
    }

    // TorchSharp has no generators of a GPU but the global one, and the mask of a batch takes the CPU longer than the network takes the GPU.
    private Tensor OnGpu(Tensor x, Generator generator)
    {
        using Tensor seed = randint(long.MaxValue, [1L], dtype: ScalarType.Int64, device: CPU, generator: generator);
        cuda.manual_seed_all(seed.ToInt64());
        return nn.functional.dropout(x, probability, training: true);
    }
}
