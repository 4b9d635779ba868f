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

    /// <summary>Writes the copy back into the network, if there is one.</summary>
    public void Restore()
    {
        using var noGrad = no_grad();
        IReadOnlyDictionary<string, Tensor> state = network.State;
        foreach ((string name, Tensor copy) in _copy)
            state[name].copy_(copy);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _copy.Values)
            tensor.Dispose();
        _copy.Clear();
    }

    // The handle is held until it is copied: the garbage collector frees a tensor that nobody holds even while libtorch reads it.
    private static Tensor Copy(Tensor value)
    {
        using Tensor weights = value.detach();
        return weights.clone().DetachFromDisposeScope();
    }
}
