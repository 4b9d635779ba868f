using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A network with what belongs to it. A protected model is stored with protected weights; a key undoes the protection
/// in memory, and saving does it again, tensor by tensor.
/// </summary>
internal sealed class SegmentationModel : IDisposable
{
    // What a key did in memory. Null while locked.
    private readonly KeyEffect? _effect;

    private readonly Lazy<ScoringNetwork> _scoring;

    private SegmentationModel(ModelDescription description, FcnNetwork network, KeyEffect? effect)
    {
        (Description, Network, _effect) = (description, network, effect);
        Network.eval();
        _scoring = new Lazy<ScoringNetwork>(() => new ScoringNetwork(Network, Description.ImageHeight, Description.ImageWidth));
    }

    public ModelDescription Description { get; }

    /// <summary>The network as it runs: with plain weights when unlocked or unprotected, with protected weights when locked.</summary>
    public FcnNetwork Network { get; }

    /// <summary>
    /// The same network in the form that scores. It is a second copy of the weights in memory, so it is not made before the
    /// first prediction: a model that is only unlocked or saved does without.
    /// </summary>
    public ScoringNetwork Scoring => _scoring.Value;

    /// <summary>What happens to images of the network's size before it reads them; null: nothing.</summary>
    public BlockTransform? ImageTransform => _effect?.Images;

    public bool IsUnlocked => _effect is not null || !Description.IsProtected;

    /// <summary>A model whose weights are as in its file.</summary>
    public static SegmentationModel Stored(ModelDescription description, FcnNetwork network) => new(description, network, effect: null);

    /// <summary>A model of freshly trained plain weights, protected from now on and unlocked.</summary>
    public static SegmentationModel Trained(ModelDescription description, FcnNetwork network, KeyEffect? effect)
        => new(description, network, effect);

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    public bool? Matches(PermutationKey key) => KeyVerification.Matches(key, Description.Salt, Description.Fingerprint);

    /// <summary>Whether this is the key, right or wrong, that the model was unlocked with.</summary>
    public bool IsUnlockedWith(PermutationKey key) => KeyVerification.Matches(key, Description.Salt, _effect?.Fingerprint) == true;

    /// <summary>
    /// The same model with the protection undone by a key, right or wrong, or locked when null. Weights that no key changes
    /// are shared with this model.
    /// </summary>
    public SegmentationModel With(PermutationKey? key)
    {
        KeyEffect? effect = key is null ? null : KeyEffect.Of(key, Description);
        var state = new Dictionary<string, Tensor>();
        foreach ((string name, Tensor stored) in StoredState())
        {
            using (stored)
                state[name] = effect is null ? stored.alias() : effect.Weights.Unprotect(name, stored);
        }
        return new SegmentationModel(Description, FcnNetwork.FromState(Description.Architecture, state), effect);
    }

    /// <summary>This unprotected model protected with a key from now on, and unlocked. All weights are shared with this model.</summary>
    public SegmentationModel Protect(PermutationKey key, FeatureMaps maps, bool storeFingerprint)
    {
        ModelDescription description = Description.ProtectedWith(key, maps, storeFingerprint);
        KeyEffect effect = KeyEffect.Of(key, description);
        Dictionary<string, Tensor> state = StoredState().ToDictionary(entry => entry.Name, entry => entry.Value);
        return new SegmentationModel(description, FcnNetwork.FromState(description.Architecture, state), effect);
    }

    /// <summary>This protected model without protection: what its key unlocks is plain from now on.</summary>
    public SegmentationModel Unprotect(PermutationKey key) => new(Description.Unprotected(), With(key).Network, effect: null);

    /// <summary>This protected model with the same maps protected by another key, and unlocked.</summary>
    public SegmentationModel Rekey(PermutationKey oldKey, PermutationKey newKey)
    {
        ModelDescription description = Description.ProtectedWith(newKey, Description.FeatureMaps, storeFingerprint: Description.Fingerprint is not null);
        KeyEffect effect = KeyEffect.Of(newKey, description);
        return new SegmentationModel(description, With(oldKey).Network, effect);
    }

    /// <summary>The tensors as the file holds them, one at a time; the caller disposes each.</summary>
    public IEnumerable<(string Name, Tensor Value)> StoredState()
    {
        foreach ((string name, Tensor value) in Network.State())
        {
            using Tensor running = value.detach();
            yield return (name, _effect is null ? running.alias() : _effect.Weights.Protect(name, running));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_scoring.IsValueCreated)
            _scoring.Value.Dispose();
        Network.Dispose();
    }
}
