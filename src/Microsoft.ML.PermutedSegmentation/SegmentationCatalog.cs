namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Semantic segmentation with models that need their secret key; reached by <c>mlContext.Segmentation()</c>.</summary>
public sealed class SegmentationCatalog
{
    private readonly MLContext _environment;

    internal SegmentationCatalog(MLContext environment)
    {
        _environment = environment;
        Trainers = new SegmentationTrainersCatalog(environment);
        Transforms = new SegmentationTransformsCatalog(environment);
    }

    /// <summary>The trainers.</summary>
    public SegmentationTrainersCatalog Trainers { get; }

    /// <summary>Loading of masks, and the conventional encryption of images.</summary>
    public SegmentationTransformsCatalog Transforms { get; }

    /// <summary>How well predicted masks agree with the true ones.</summary>
    /// <param name="data">Rows with both masks, as a segmentation model makes them from rows with images and masks.</param>
    /// <param name="labelColumnName">Column of true masks; one of another size than the prediction is resized to it, by nearest pixel.</param>
    /// <param name="predictedLabelColumnName">Column of predicted masks.</param>
    /// <param name="ignoredClasses">Classes, from 0, to leave out of the averages, for example the background.</param>
    /// <exception cref="ArgumentException">A column is missing or holds no masks, the columns disagree about the classes, or no class is left to average.</exception>
    /// <exception cref="InvalidDataException">A row's mask does not fit its size or its classes.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void.</exception>
    public SegmentationMetrics Evaluate(
        IDataView data,
        string labelColumnName = "Label",
        string predictedLabelColumnName = "PredictedLabel",
        IReadOnlyCollection<int>? ignoredClasses = null)
        => DataViewEvaluation.Evaluate(data, labelColumnName, predictedLabelColumnName, ignoredClasses);

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
        return ModelChain.Unlock(_environment, model, key, verify);
    }
}
