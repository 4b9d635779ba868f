using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>A copy of a network's weights, to come back to.</summary>
internal sealed class Snapshot(TorchNetwork network) : IDisposable
{
    private readonly Dictionary<string, Tensor> _copy = [];

    /// <summary>The copies themselves; none before the first was taken.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights => _copy;

    /// <summary>Copies the weights as they are now, over any earlier copy.</summary>
    public void Take()
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in network.State)
        {
            if (_copy.TryGetValue(name, out Tensor? copy))
                copy.copy_(value);
            else
                _copy[name] = Copy(value);
        }
    }

    /// <summary>Writes the copy, if there is one, into a network of the same kind.</summary>
    public void Restore(TorchNetwork target)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor copy) in _copy)
            target.State[name].copy_(copy);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _copy.Values)
            tensor.Dispose();
        _copy.Clear();
    }

    /// <summary>A copy of one tensor of a network's state, apart from its gradient.</summary>
    public static Tensor Copy(Tensor value)
    {
        // Held until it is copied: the garbage collector frees a tensor that nobody holds even while libtorch reads it.
        using Tensor weights = value.detach();
        return weights.clone().DetachFromDisposeScope();
    }
}
