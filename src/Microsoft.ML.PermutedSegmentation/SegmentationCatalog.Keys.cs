namespace Microsoft.ML.PermutedSegmentation;

// What a key does to a model. Each call gives another model and leaves the given one as it is.
public sealed partial class SegmentationCatalog
{
    /// <summary>The segmentation model in what <c>Fit</c> or <c>mlContext.Model.Load</c> returned, to inspect it.</summary>
    /// <param name="model">A segmentation model, or a chain of transformers with one, possibly in a nested chain.</param>
    /// <returns>The model itself, which the chain still owns: do not dispose it separately.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or more than one.</exception>
    public PermutedSegmentationTransformer GetSegmenter(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelChain.GetSegmenter(model);
    }

    /// <summary>
    /// Whether a model scores as it was trained to as far as keys go: all of it that needs a key has been given one, right or wrong.
    /// An unprotected model is always unlocked.
    /// </summary>
    /// <param name="model">A segmentation model, or a chain of transformers with one.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds nothing that a key unlocks.</exception>
    public bool IsUnlocked(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelChain.IsUnlocked(model);
    }

    /// <summary>
    /// A model unlocked with a key. In a chain, everything that was made with a key is unlocked, including an encryption of images.
    /// </summary>
    /// <remarks>
    /// <para>The given model is not changed. Both share the weights that no key changes, and each is disposed separately, in any
    /// order. To allow this, other links of a chain that hold native memory, such as ML.NET's <c>OnnxTransformer</c>, are
    /// copied; the rest is shared. All this holds for each method here that makes one model from another.</para>
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">A segmentation model, or a chain of transformers that holds at least one, as loaded from a file.</param>
    /// <param name="key">
    /// The model's key. With another key the result is the paper's Incorrect (Tables I and II): it scores, but its labels are
    /// worthless, and a warning is logged if the model stores a fingerprint. A sealed model refuses any other key.
    /// </param>
    /// <param name="verify">Whether to throw instead if the key is not known to be the right one.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds nothing that a key unlocks.</exception>
    /// <exception cref="WrongKeyException"><paramref name="verify"/> is set, or the model is sealed, and the key is another one.</exception>
    /// <exception cref="InvalidDataException">The model is sealed, and was altered.</exception>
    /// <exception cref="InvalidOperationException">The model is not protected; or <paramref name="verify"/> is set, and the model stores no fingerprint; or it only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model or the key was disposed.</exception>
    public T Unlock<T>(T model, PermutationKey key, bool verify = false) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(key);
        return ModelChain.Unlock(Environment, model, key, verify);
    }

    /// <summary>A model as in its file: locked, with protected weights in memory. <see cref="Unlock"/> reverses this.</summary>
    /// <remarks>The given model is not changed. Both share the weights that no key changes, and each is disposed separately.</remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">A protected segmentation model, unlocked or not, or a chain of transformers with one.</param>
    /// <returns>What saving and loading the model gives, without a file.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds nothing that a key unlocks.</exception>
    /// <exception cref="InvalidOperationException">The model is not protected, so that its file needs no key; or it only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public T Lock<T>(T model) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelChain.Lock(Environment, model);
    }

    /// <summary>
    /// A trained model protected with a key from now on, in milliseconds and without any training. It computes the same to the
    /// last bit, whichever maps are chosen: permuting a feature map (Eq. 2) and reading it with re-ordered weights is the same
    /// as reading the plain map with plain weights. Only protected weights are saved.
    /// </summary>
    /// <remarks>
    /// The given model is not changed. Both share all weights, and each is disposed separately. A file of the unprotected
    /// model still needs no key: the caller has to keep it away from others. <see cref="Unprotect"/> reverses this.
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">An unprotected segmentation model, as <c>Trainers.Fcn</c> trains it, or a chain of transformers with one.</param>
    /// <param name="key">The secret. It is needed until this method has returned, and is not stored.</param>
    /// <param name="featureMaps">The feature maps to permute (Fig. 3, Table I).</param>
    /// <param name="storeFingerprint">Whether the model stores the key's fingerprint, which tells a wrong key from the right one.</param>
    /// <returns>The same model or chain with the segmentation model protected, and unlocked; saved and loaded it is locked.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="featureMaps"/> is none, or has bits that do not stand for a map.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or more than one.</exception>
    /// <exception cref="WrongKeyException">The chain encrypts images with another key: one key has to unlock the whole chain.</exception>
    /// <exception cref="InvalidOperationException">The model is already protected, or its network learned from encrypted images; or it only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model or the key was disposed.</exception>
    public T Protect<T>(T model, PermutationKey key, FeatureMaps featureMaps = FeatureMaps.All, bool storeFingerprint = true) where T : class, ITransformer
    {
        featureMaps.CheckForKey(nameof(featureMaps));
        return Protect(model, key, new ProtectionOptions { FeatureMaps = featureMaps, StoreFingerprint = storeFingerprint });
    }

    /// <summary>A trained model protected with a key from now on: permuted, sealed, or both (docs/sealing.md). It computes the same to the last bit.</summary>
    /// <remarks>
    /// The given model is not changed. Both share all weights, and each is disposed separately. A file of the unprotected
    /// model still needs no key: the caller has to keep it away from others. <see cref="Unprotect"/> reverses this.
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">An unprotected segmentation model, as <c>Trainers.Fcn</c> trains it, or a chain of transformers with one.</param>
    /// <param name="key">The secret. It is needed until this method has returned, and is not stored.</param>
    /// <param name="options">How it is protected.</param>
    /// <returns>The same model or chain with the segmentation model protected, and unlocked; saved and loaded it is locked.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The options name no map and no seal, or have bits that do not stand for a map.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or more than one.</exception>
    /// <exception cref="WrongKeyException">The chain encrypts images with another key: one key has to unlock the whole chain.</exception>
    /// <exception cref="InvalidOperationException">The model is already protected, or its network learned from encrypted images; or it only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model or the key was disposed.</exception>
    public T Protect<T>(T model, PermutationKey key, ProtectionOptions options) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(options);
        options.Check(nameof(options));
        return ModelChain.Protect(Environment, model, key, options);
    }

    /// <summary>
    /// A protected model as it was before it was protected: it no longer needs a key, and has the same weights and the same
    /// output to the last bit. The inverse of <see cref="Protect{T}(T, PermutationKey, ProtectionOptions)"/>.
    /// </summary>
    /// <remarks>
    /// <para>The key has to be the right one, since weights that a wrong key has re-ordered look like any others. The
    /// model's fingerprint shows whether it is. A model that stores none must already be unlocked with this key, as it is
    /// after training, so that its owner could check its predictions.</para>
    /// <para>The given model is not changed. Both share the weights that no key changes, and each is disposed separately. A
    /// model whose network learned from encrypted images always needs its key.</para>
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">A protected segmentation model, locked or not, or a chain of transformers with one.</param>
    /// <param name="key">The model's key.</param>
    /// <returns>The same model or chain with the segmentation model unprotected.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or more than one.</exception>
    /// <exception cref="WrongKeyException">The key is another one.</exception>
    /// <exception cref="InvalidOperationException">The model is not protected; the key cannot be verified; or images are encrypted with it; or it only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model or the key was disposed.</exception>
    public T Unprotect<T>(T model, PermutationKey key) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(key);
        return ModelChain.Unprotect(Environment, model, key);
    }

    /// <summary>
    /// A protected model with another key from now on: the same feature maps, a new salt and, where there was one, a new
    /// fingerprint. It computes the same to the last bit, and once saved it opens with the new key only.
    /// </summary>
    /// <remarks>
    /// Files saved before still open with the old key. To protect other maps, use <see cref="Unprotect"/> and then
    /// <see cref="Protect{T}(T, PermutationKey, ProtectionOptions)"/>. The old key is verified as in <see cref="Unprotect"/>, and weights are shared in the same way.
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">A protected segmentation model, locked or not, or a chain of transformers with one.</param>
    /// <param name="oldKey">The model's key.</param>
    /// <param name="newKey">The new key.</param>
    /// <returns>The same model or chain with the segmentation model unlocked with the new key; saved and loaded it is locked.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or more than one; or both keys are the same.</exception>
    /// <exception cref="WrongKeyException">The old key is another one.</exception>
    /// <exception cref="InvalidOperationException">The model is not protected; the old key cannot be verified; or images are encrypted with it; or it only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model or a key was disposed.</exception>
    public T Rekey<T>(T model, PermutationKey oldKey, PermutationKey newKey) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(oldKey);
        ArgumentNullException.ThrowIfNull(newKey);
        return ModelChain.Rekey(Environment, model, oldKey, newKey);
    }
}
