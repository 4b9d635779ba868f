using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// A network with what belongs to it. A protected model is stored with protected weights; a key undoes the protection
/// in memory, and saving does it again, tensor by tensor.
/// </summary>
internal sealed partial class SegmentationModel : IDisposable
{
    // What a key did in memory. Null while locked.
    private readonly KeyEffect? _effect;

    private readonly Shared<ModelNetworks> _networks;

    // Of a sealed model while locked: its network has encrypted weights then, and does not run.
    private readonly SealTag? _tag;

    private SegmentationModel(ModelDescription description, ModelNetworks networks, ModelColumns columns, KeyEffect? effect, SealTag? tag, RunSettings running)
    {
        (Description, Columns, Running, _effect, _tag) = (description, columns, running, effect, tag);
        _networks = new Shared<ModelNetworks>(networks, owned => owned.Dispose(), Disposed);
    }

    private SegmentationModel(ModelDescription description, TorchNetwork network, ModelColumns columns, KeyEffect? effect, SealTag? tag, RunSettings running)
        : this(description, new ModelNetworks(network, description.ImageHeight, description.ImageWidth, running.Precision), columns, effect, tag, running)
    {
    }

    // What is made from another model.
    private SegmentationModel(SegmentationModel from, ModelDescription description, TorchNetwork network, KeyEffect? effect, SealTag? tag = null, RunSettings? running = null)
        : this(description, network, from.Columns, effect, tag, running ?? from.Running)
    {
    }

    public ModelDescription Description { get; }

    /// <summary>The columns that it reads and makes.</summary>
    public ModelColumns Columns { get; }

    /// <summary>How it runs here.</summary>
    public RunSettings Running { get; }

    /// <summary>Whether its key changes images, too.</summary>
    public bool EncryptsImages => Description.Protection?.ImageStep is not null;

    /// <summary>What happens to images of the network's size before it reads them; null: nothing.</summary>
    public PixelTransform? PixelTransform => _effect?.Pixels;

    public bool IsUnlocked => _effect is not null || !Description.IsProtected;

    /// <summary>Whether it is sealed and has no key: then it cannot run.</summary>
    public bool IsClosed => _tag is not null;

    /// <summary>A model whose weights are as in its file; with what belongs to them if they are sealed.</summary>
    public static SegmentationModel Stored(ModelDescription description, TorchNetwork network, ModelColumns? columns = null, SealTag? tag = null)
        => new(description, network, columns ?? ModelColumns.Default, effect: null, tag, new RunSettings());

    /// <summary>A model of freshly trained plain weights, protected from now on and unlocked.</summary>
    public static SegmentationModel Trained(ModelDescription description, TorchNetwork network, KeyEffect? effect, ModelColumns? columns = null)
        => new(description, network, columns ?? ModelColumns.Default, effect, tag: null, new RunSettings());

    /// <summary>The networks until the lease is disposed, even if the model is disposed meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public Shared<ModelNetworks>.Lease Use() => _networks.Use();

    /// <summary>Refuses what needs the weights themselves.</summary>
    /// <exception cref="InvalidOperationException">The model is sealed and has no key.</exception>
    public void ThrowIfClosed()
    {
        if (IsClosed)
            throw new InvalidOperationException("This model is sealed: its weights are encrypted. Unlock it with mlContext.Segmentation().Unlock(model, key).");
    }

    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void ThrowIfDisposed() => _networks.ThrowIfDisposed();

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    public bool? Matches(PermutationKey key) => Description.Matches(key);

    /// <summary>Whether this is the key, right or wrong, that the model was unlocked with.</summary>
    public bool IsUnlockedWith(PermutationKey key) => KeyVerification.Matches(key, Description.Salt, _effect?.Fingerprint) == true;

    /// <summary>
    /// The same model with the protection undone by a key, right or wrong, or locked when null. Weights that no key changes
    /// are shared with this model.
    /// </summary>
    /// <exception cref="WrongKeyException">The model is sealed, and the key is a wrong one.</exception>
    /// <exception cref="InvalidDataException">The model is sealed, and was altered.</exception>
    public SegmentationModel With(PermutationKey? key)
    {
        if (key is null && Description.IsSealed)
            return Close();
        KeyEffect? effect = key is null ? null : KeyEffect.Of(key, Description);
        return new SegmentationModel(this, Description, NetworkUnder(effect), effect);
    }

    /// <summary>This unprotected model protected with a key from now on, and unlocked. All weights are shared with this model.</summary>
    public SegmentationModel Protect(PermutationKey key, ProtectionOptions options)
    {
        ModelDescription description = Description.ProtectedWith(key, options.FeatureMaps, options.StoreFingerprint, isSealed: options.Seal);
        KeyEffect effect = KeyEffect.Of(key, description);
        return new SegmentationModel(this, description, NetworkUnder(effect: null), effect);
    }

    /// <summary>This protected model without protection: what its key unlocks is plain from now on.</summary>
    public SegmentationModel Unprotect(PermutationKey key)
        => new(this, Description.With(protection: null), NetworkUnder(KeyEffect.Of(key, Description)), effect: null);

    /// <summary>This protected model with the same maps protected by another key, and unlocked.</summary>
    public SegmentationModel Rekey(PermutationKey oldKey, PermutationKey newKey)
    {
        ModelDescription description = Description.ProtectedWith(newKey, Description.FeatureMaps, storeFingerprint: Description.Fingerprint is not null, isSealed: Description.IsSealed);
        KeyEffect effect = KeyEffect.Of(newKey, description);
        return new SegmentationModel(this, description, NetworkUnder(KeyEffect.Of(oldKey, Description)), effect);
    }

    /// <summary>The same model with another way to score images. All weights are shared with this model.</summary>
    public SegmentationModel With(ScoringMode mode, TestTimeAugmentation? augmentation) => new(this, Description.With(mode, augmentation), SameNetwork(), _effect, _tag);

    /// <summary>The same model that runs otherwise here. All weights are shared with this model.</summary>
    public SegmentationModel With(RunSettings running) => new(this, Description, SameNetwork(), _effect, _tag, running);

    /// <summary>The same model in memory of its own, with its weights only in the form that scores: all that needs them otherwise is refused.</summary>
    /// <exception cref="InvalidOperationException">The model is sealed and has no key, or it only scores already.</exception>
    public SegmentationModel ForScoring()
    {
        ThrowIfClosed();
        using var use = Use();
        return new SegmentationModel(Description, use.Value.ForScoring(), Columns, _effect?.ForScoring(Description.Layout), tag: null, Running);
    }

    /// <summary>Frees the native memory, once no thread uses it any more.</summary>
    public void Dispose() => _networks.Dispose();

    private TorchNetwork SameNetwork()
    {
        using var use = Use();
        return TorchNetwork.FromState(Description.Layout, use.Value.Network.State.ToDictionary(entry => entry.Key, entry => entry.Value.detach()));
    }

    // The stored weights with the protection undone by a key; as they are when null.
    private TorchNetwork NetworkUnder(KeyEffect? effect)
    {
        if (_effect?.Fingerprint is not null && effect is not null && Description.IsSealed && !CryptographicOperations.FixedTimeEquals(_effect.Fingerprint, effect.Fingerprint))
            throw new WrongKeyException(KeyVerification.Differs("model"));
        IEnumerable<(string, Tensor)> state = _tag is null || effect?.Seal is null ? StoredState() : SealedState.Open(Description, StoredState, effect, _tag);
        return NetworkOf(state, effect);
    }

    private TorchNetwork NetworkOf(IEnumerable<(string Name, Tensor Stored)> stored, KeyEffect? effect)
    {
        var state = new Dictionary<string, Tensor>();
        try
        {
            // One after the other: TorchSharp's dispose scopes are not for several threads.
            foreach ((string name, Tensor value) in stored)
            {
                using (value)
                    state[name] = effect is null ? value.alias() : effect.Weights.Unprotect(name, value);
            }
            return TorchNetwork.FromState(Description.Layout, state);
        }
        catch
        {
            foreach (Tensor tensor in state.Values)
                tensor.Dispose();
            throw;
        }
    }

    // A sealed model without its key.
    private SegmentationModel Close()
    {
        if (_tag is not null)
            return new SegmentationModel(this, Description, NetworkOf(StoredState(), effect: null), effect: null, _tag);
        (IReadOnlyList<(string, Tensor)> state, SealTag tag) = SealedState.Close(Description, StoredState(), _effect!.Seal!);
        return new SegmentationModel(this, Description, NetworkOf(state, effect: null), effect: null, tag);
    }

    private static ObjectDisposedException Disposed() => DisposedModel.Exception("PermutedSegmentationTransformer");
}
