using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

// What the model's file holds: the protected weights, made from those in memory.
internal sealed partial class SegmentationModel
{
    /// <summary>
    /// The tensors as the file holds them, one at a time; the caller disposes each. Those of an unlocked sealed model are what is encrypted there,
    /// in the same order.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="InvalidOperationException">The model only scores.</exception>
    public IEnumerable<(string Name, Tensor Value)> StoredState()
    {
        // What cannot be done is refused here, not when somebody asks for the first tensor.
        using (var use = Use())
            _ = use.Value.Network;
        return ReadStored();
    }

    /// <summary>Writes the model, holding one re-protected tensor at a time.</summary>
    public void Write(Stream stream)
    {
        using var use = Use();
        using var writer = new ModelWriter(stream, Description, StoredNames(use.Value.Network), Columns.ToMetadata(), _effect?.Seal, _tag);
        foreach ((string name, Tensor value) in StoredState())
        {
            using (value)
                value.UseBytes(bytes => writer.Write(name, bytes));
        }
        writer.Complete();
    }

    /// <summary>All that the file holds, in memory.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="InvalidOperationException">The model is sealed and has no key.</exception>
    public ModelContents ToContents()
    {
        ThrowIfClosed();
        var weights = new Dictionary<string, float[]>();
        foreach ((string name, Tensor value) in StoredState())
        {
            using (value)
                value.UseBytes(bytes => weights[name] = MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        }
        // Another key would give garbage to whoever runs it.
        bool isOther = Description.Fingerprint is { } stored && _effect?.Fingerprint is { } used && !CryptographicOperations.FixedTimeEquals(stored, used);
        return new ModelContents(Description, weights, isOther ? null : _effect?.Weights);
    }

    private IEnumerable<(string Name, Tensor Value)> ReadStored()
    {
        using var use = Use();
        IReadOnlyDictionary<string, Tensor> state = use.Value.Network.State;
        foreach (string name in StoredNames(use.Value.Network))
        {
            using Tensor running = state[name].detach();
            yield return (name, _effect is null ? running.alias() : _effect.Weights.Protect(name, running));
        }
    }

    // Sealed weights are encrypted in the order of the table.
    private IEnumerable<string> StoredNames(TorchNetwork network) => Description.IsSealed ? Description.Layout.Parameters.Select(parameter => parameter.Name) : network.State.Keys;
}
