using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A network with what belongs to it. A protected model is stored with protected weights; a key undoes the protection
/// in memory, and saving does it again, tensor by tensor.
/// </summary>
internal sealed class SegmentationModel : IDisposable
{
    // What a key undid in memory; saving does it again. Null while locked.
    private readonly WeightProtection? _undone;

    private SegmentationModel(ModelDescription description, FcnNetwork network, WeightProtection? undone)
    {
        (Description, Network, _undone) = (description, network, undone);
        Network.eval();
    }

    public ModelDescription Description { get; }

    /// <summary>The network as it runs: with plain weights when unlocked or unprotected, with protected weights when locked.</summary>
    public FcnNetwork Network { get; }

    public bool IsUnlocked => _undone is not null || !Description.IsProtected;

    /// <summary>A model whose weights are as in its file.</summary>
    public static SegmentationModel Stored(ModelDescription description, FcnNetwork network) => new(description, network, undone: null);

    /// <summary>A model of freshly trained plain weights, protected from now on and unlocked.</summary>
    public static SegmentationModel Trained(ModelDescription description, FcnNetwork network, WeightProtection? protection)
        => new(description, network, protection);

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    public bool? Matches(PermutationKey key) => Description is { Fingerprint: { } stored, Salt: { } salt }
        ? CryptographicOperations.FixedTimeEquals(stored, key.GetFingerprint(salt))
        : null;

    /// <summary>
    /// The same model with the protection undone by a key, right or wrong, or locked when null. Weights that no key changes
    /// are shared with this model.
    /// </summary>
    public SegmentationModel With(PermutationKey? key)
    {
        WeightProtection? undone = key is null ? null : Derive(Description, key);
        var state = new Dictionary<string, Tensor>();
        foreach ((string name, Tensor stored) in StoredState())
        {
            using (stored)
                state[name] = undone is null ? stored.alias() : undone.Unprotect(name, stored);
        }
        return new SegmentationModel(Description, FcnNetwork.FromState(Description.Architecture, state), undone);
    }

    /// <summary>This unprotected model protected with a key from now on, and unlocked. All weights are shared with this model.</summary>
    public SegmentationModel Protect(PermutationKey key, FeatureMaps maps, bool storeFingerprint)
    {
        ModelDescription description = Description.ProtectedWith(key, maps, storeFingerprint);
        WeightProtection undone = Derive(description, key);
        Dictionary<string, Tensor> state = StoredState().ToDictionary(entry => entry.Name, entry => entry.Value);
        return new SegmentationModel(description, FcnNetwork.FromState(description.Architecture, state), undone);
    }

    /// <summary>The tensors as the file holds them, one at a time; the caller disposes each.</summary>
    public IEnumerable<(string Name, Tensor Value)> StoredState()
    {
        foreach ((string name, Tensor value) in Network.State())
        {
            using Tensor running = value.detach();
            yield return (name, _undone is null ? running.alias() : _undone.Protect(name, running));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();

    /// <summary>What a key does to the weights of the model described.</summary>
    public static WeightProtection Derive(ModelDescription description, PermutationKey key)
    {
        FcnArchitecture architecture = description.Architecture;
        return new WeightProtection(architecture, description.FeatureMaps.Each().ToDictionary(
            map => map, map => key.GetChannelPermutation(description.Salt, map.Number(), architecture.ChannelsOf(map))));
    }
}
