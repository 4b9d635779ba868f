using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>A copy of a network's weights, to come back to.</summary>
internal sealed class Snapshot(FcnNetwork network) : IDisposable
{
    private Dictionary<string, Tensor>? _copy;

    /// <summary>Copies the weights as they are now, over any earlier copy.</summary>
    public void Take()
    {
        using var noGrad = no_grad();
        var state = network.State();
        if (_copy is null)
            _copy = state.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone().DetachFromDisposeScope());
        else
            foreach ((string name, Tensor value) in state)
                _copy[name].copy_(value);
    }

    /// <summary>Writes the copy back into the network, if there is one.</summary>
    public void Restore()
    {
        using var noGrad = no_grad();
        if (_copy is null)
            return;
        foreach ((string name, Tensor value) in network.State())
            value.copy_(_copy[name]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _copy?.Values ?? Enumerable.Empty<Tensor>())
            tensor.Dispose();
        _copy = null;
    }
}
