namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Semantic segmentation with models that need their secret key; reached by <c>mlContext.Segmentation()</c>.</summary>
public sealed class SegmentationCatalog
{
    internal SegmentationCatalog(MLContext environment)
    {
        Environment = environment;
        Trainers = new SegmentationTrainersCatalog(environment);
        Transforms = new SegmentationTransformsCatalog(environment);
    }

    /// <summary>The trainers.</summary>
    public SegmentationTrainersCatalog Trainers { get; }

    /// <summary>Loading of images and masks.</summary>
    public SegmentationTransformsCatalog Transforms { get; }

    internal MLContext Environment { get; }

    /// <summary>How well predicted masks agree with the true ones.</summary>
    /// <remarks>
    /// Warnings are logged where true masks seem to have been saved in black and white, so that their objects are void, and where the
    /// mean counts a class without a true pixel.
    /// </remarks>
    /// <param name="data">Rows with both masks, as a segmentation model makes them from rows with images and masks.</param>
    /// <param name="labelColumnName">Column of true masks; one of another size than the prediction is resized to it, by nearest pixel. It has to have the shape of the image that the prediction was made of.</param>
    /// <param name="predictedLabelColumnName">Column of predicted masks.</param>
    /// <param name="ignoredClasses">Classes, from 0, to leave out of the averages, for example the background.</param>
    /// <exception cref="ArgumentException">A column is missing or holds no masks, the columns disagree about the classes, or no class is left to average.</exception>
    /// <exception cref="InvalidDataException">A row's mask does not fit its size or its classes, or has another shape than its image.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void.</exception>
    public SegmentationMetrics Evaluate(
        IDataView data,
        string labelColumnName = "Label",
        string predictedLabelColumnName = "PredictedLabel",
        IReadOnlyCollection<int>? ignoredClasses = null)
    {
        SegmentationMetrics metrics = DataViewEvaluation.Evaluate(data, labelColumnName, predictedLabelColumnName, ignoredClasses);
        metrics.LogWarnings(Environment);
        return metrics;
    }

    /// <summary>
    /// A model with weights that were trained elsewhere: an unprotected one, to score with, to protect, or to save. Given those of
    /// torchvision's FCN it scores as that does; images are normalized in the same way.
    /// </summary>
    /// <param name="weights">Weights of an FCN, for example read with <see cref="SegmentationWeights.Load"/>. They are shared, and each is disposed on its own.</param>
    /// <param name="classNames">The names of the classes, in their order; as many as the weights tell apart.</param>
    /// <param name="imageHeight">Height that images are resized to, in pixels; a multiple of the output stride.</param>
    /// <param name="imageWidth">Width that images are resized to, in pixels; a multiple of the output stride.</param>
    /// <param name="outputStride">
    /// How many times smaller the last feature map is than the image: 8, 16 or 32, as the weights were trained. <c>fcn_resnet50</c> and
    /// <c>fcn_resnet101</c> have 8, a plain ResNet has 32.
    /// </param>
    /// <returns>A model that reads the column Image and adds the columns PredictedLabel and Score.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The weights are those of a locked model or of a backbone alone, or the class names are not as many different names.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The output stride is not 8, 16 or 32, or a side of the image is no multiple of it or larger than 16384.</exception>
    /// <exception cref="ObjectDisposedException">The weights were disposed.</exception>
    public PermutedSegmentationTransformer CreateModel(
        SegmentationWeights weights, IReadOnlyList<string> classNames, int imageHeight = 256, int imageWidth = 256, int outputStride = 8)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(classNames);
        return ImportedModel.Create(Environment, weights, classNames, imageHeight, imageWidth, outputStride);
    }

    /// <summary>
    /// A model unlocked with a key. The locked one stays as it is; both share the weights that no key changes, and each
    /// is disposed on its own. In a chain, all that was made with a key is unlocked: block-wise encryption of images, too.
    /// </summary>
    /// <param name="model">A segmentation model, or a chain of transformers that holds at least one, as loaded from a file.</param>
    /// <param name="key">
    /// The model's key. With another key the result is the paper's Incorrect (Tables I and II): it scores, its labels are worth
    /// nothing, and a warning is logged when the model stores a fingerprint.
    /// </param>
    /// <param name="verify">Whether to throw instead when the key is not known to be the right one.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds nothing that a key unlocks.</exception>
    /// <exception cref="InvalidOperationException">The model is not protected; or <paramref name="verify"/> is set and the key is another one, or the model stores no fingerprint.</exception>
    public ITransformer Unlock(ITransformer model, PermutationKey key, bool verify = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(key);
        return ModelChain.Unlock(Environment, model, key, verify);
    }

    /// <summary>
    /// A trained model protected with a key from now on, in milliseconds and without any training. It computes the same to the
    /// last bit, whatever maps are chosen: permuting a feature map (Eq. 2) and reading it with re-ordered weights is reading the
    /// plain map with plain weights. What is saved of it has protected weights only.
    /// </summary>
    /// <remarks>
    /// The given model stays as it is. Both share all weights, and each is disposed on its own. A file of the unprotected
    /// model still needs no key: it is up to the caller to keep it away from others. <see cref="Unprotect"/> is the way back.
    /// </remarks>
    /// <param name="model">An unprotected segmentation model, as <c>Trainers.Fcn</c> trains it, or a chain of transformers with one.</param>
    /// <param name="key">The secret. It is needed until this method has returned, and is not stored.</param>
    /// <param name="featureMaps">The feature maps to permute (Fig. 3, Table I).</param>
    /// <param name="storeFingerprint">Whether the model stores the key's fingerprint, which tells a wrong key from the right one.</param>
    /// <returns>The same model or chain with the segmentation model protected, and unlocked; saved and loaded it is locked.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="featureMaps"/> is none, or has bits that stand for no map.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or encrypts images block by block with another key.</exception>
    /// <exception cref="InvalidOperationException">The model is protected already, or its network learned from encrypted images (<c>Trainers.BlockwiseEncrypted</c>).</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public ITransformer Protect(ITransformer model, PermutationKey key, FeatureMaps featureMaps = FeatureMaps.All, bool storeFingerprint = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(key);
        featureMaps.CheckForKey(nameof(featureMaps));
        return ModelChain.Protect(model, key, featureMaps, storeFingerprint);
    }

    /// <summary>
    /// A protected model as it was before it was protected: it needs no key any more, and has the same weights and the same
    /// output to the last bit. The inverse of <see cref="Protect"/>.
    /// </summary>
    /// <remarks>
    /// <para>The key has to be the right one, since weights that a wrong one has put in order look like any others. The
    /// model's fingerprint tells. A model that stores none must be unlocked with this key, as it is after training, so that
    /// its owner could see what it is worth.</para>
    /// <para>The given model stays as it is. Both share the weights that no key changes, and each is disposed on its own.
    /// A model whose network learned from encrypted images cannot do without its key.</para>
    /// </remarks>
    /// <param name="model">A protected segmentation model, locked or not, or a chain of transformers with one.</param>
    /// <param name="key">The model's key.</param>
    /// <returns>The same model or chain with the segmentation model unprotected.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model is not protected; the key is another one, or cannot be verified; or images are encrypted block by block.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public ITransformer Unprotect(ITransformer model, PermutationKey key)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(key);
        return ModelChain.Unprotect(model, key);
    }

    /// <summary>
    /// A protected model with another key from now on: the same feature maps, a new salt and, where there was one, a new
    /// fingerprint. It computes the same to the last bit, and what is saved of it opens with the new key only.
    /// </summary>
    /// <remarks>
    /// Files saved before still open with the old key. To protect other maps, <see cref="Unprotect"/> and <see cref="Protect"/>.
    /// The old key is verified as in <see cref="Unprotect"/>, and weights are shared likewise.
    /// </remarks>
    /// <param name="model">A protected segmentation model, locked or not, or a chain of transformers with one.</param>
    /// <param name="oldKey">The model's key.</param>
    /// <param name="newKey">The key that it shall have.</param>
    /// <returns>The same model or chain with the segmentation model unlocked with the new key; saved and loaded it is locked.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or both keys are the same.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model is not protected; the old key is another one, or cannot be verified; or images are encrypted block by block.
    /// </exception>
    /// <exception cref="ObjectDisposedException">A key was disposed.</exception>
    public ITransformer Rekey(ITransformer model, PermutationKey oldKey, PermutationKey newKey)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(oldKey);
        ArgumentNullException.ThrowIfNull(newKey);
        return ModelChain.Rekey(model, oldKey, newKey);
    }
}
