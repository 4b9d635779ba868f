using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Dropout whose masks come from the training's own generator, so that a seed gives the same masks on every device and
/// whatever else the process draws. (libtorch's own dropout only knows the global generator.)
/// </summary>
internal sealed class SeededDropout(double probability, Generator? generator) : nn.Module<Tensor, Tensor>(nameof(SeededDropout))
{
    public override Tensor forward(Tensor x)
    {
        if (!training)
            return x.alias();
        if (generator is null)
            throw new InvalidOperationException("To train this network, build it with a random generator.");

        // TorchSharp only has generators of the CPU; a mask travels to the device as bytes.
        using var kept = empty(x.shape, dtype: ScalarType.Byte, device: CPU).bernoulli_(1 - probability, generator);
        using var moved = kept.to(x.device);
        using var scale = moved.to(x.dtype).div_(1 - probability);
        return x.mul(scale);
    }
}
