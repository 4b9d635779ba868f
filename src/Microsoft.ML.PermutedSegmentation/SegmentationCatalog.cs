namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Semantic segmentation with models that need their secret key; reached by <c>mlContext.Segmentation()</c>.</summary>
public sealed partial class SegmentationCatalog
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
    /// <remarks>
    /// Warnings are logged where true masks seem to have been saved in black and white, so that their objects are void, and where the
    /// mean counts a class without a true pixel.
    /// </remarks>
    /// <param name="data">Rows with both masks, as a segmentation model makes them from rows with images and masks.</param>
    /// <param name="labelColumnName">Column of true masks; one of another size than the prediction is resized to it, by nearest pixel. It has to have the shape of the image that the prediction was made of.</param>
    /// <param name="predictedLabelColumnName">Column of predicted masks.</param>
    /// <param name="ignoredClasses">Classes, from 0, to leave out of the averages, for example the background.</param>
    /// <param name="progress">Is told, on the calling thread, how many images have been evaluated so far.</param>
    /// <param name="cancellationToken">Ends the evaluation, between two images, with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not hold masks, or there is no class of an ignored number.</exception>
    /// <exception cref="ArgumentException">The columns disagree about the classes, or no class is left to average.</exception>
    /// <exception cref="InvalidDataException">A row's mask does not fit its size or its classes, or has another shape than its image.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public SegmentationMetrics Evaluate(
        IDataView data,
        string labelColumnName = ColumnNames.Label,
        string predictedLabelColumnName = ColumnNames.PredictedLabel,
        IReadOnlyCollection<int>? ignoredClasses = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        SegmentationMetrics metrics = DataViewEvaluation.Evaluate(
            data, labelColumnName, predictedLabelColumnName, ignoredClasses, progress, cancellationToken);
        metrics.LogWarnings(_environment);
        return metrics;
    }

    /// <summary>
    /// What a protected model is worth under the key conditions of the paper: with its key, without one, and with random keys
    /// (Table I). Layers below the lowest keyed map run once for all keys. A chain that encrypts images block by block is
    /// evaluated likewise (Table II).
    /// </summary>
    /// <param name="model">A segmentation model, or a chain of transformers with one, for example behind a block-wise encryption. Locked or not does not matter.</param>
    /// <param name="data">Rows that the model reads, with true masks.</param>
    /// <param name="key">The model's key.</param>
    /// <param name="wrongKeyCount">How many random keys to try; the paper tries 100. With a seed in the context they are the same each time.</param>
    /// <param name="trainingData">Rows whose masks tell the most frequent class of each pixel, a floor to judge by; null to leave it out.</param>
    /// <param name="labelColumnName">Column of true masks.</param>
    /// <param name="cancellationToken">Ends the evaluation with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="wrongKeyCount"/> is below 1, or a column is missing.</exception>
    /// <exception cref="ArgumentException">The model is not protected, or the masks have other classes.</exception>
    /// <exception cref="WrongKeyException">The key is another one.</exception>
    /// <exception cref="InvalidDataException">A row's image or mask cannot be read.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void.</exception>
    public AccessControlMetrics EvaluateAccessControl(
        ITransformer model,
        IDataView data,
        PermutationKey key,
        int wrongKeyCount = 100,
        IDataView? trainingData = null,
        string labelColumnName = ColumnNames.Label,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(key);
        return AccessControlEvaluation.Evaluate(_environment, model, data, key, wrongKeyCount, trainingData, labelColumnName, cancellationToken);
    }

    /// <summary>
    /// What a protected model is worth with random keys, the paper's condition Incorrect: as <see cref="EvaluateAccessControl"/>
    /// finds it, for whoever does not have the model's key. Layers below the lowest keyed map run once for all keys.
    /// </summary>
    /// <param name="model">A segmentation model, or a chain of transformers with one. Locked or not does not matter.</param>
    /// <param name="data">Rows that the model reads, with true masks.</param>
    /// <param name="wrongKeyCount">How many random keys to try; the paper tries 100. With a seed in the context they are the same each time.</param>
    /// <param name="labelColumnName">Column of true masks.</param>
    /// <param name="progress">Is told, on the calling thread, how many images have been scored so far, each counted once for each key.</param>
    /// <param name="cancellationToken">Ends the evaluation with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="wrongKeyCount"/> is below 1, or a column is missing.</exception>
    /// <exception cref="ArgumentException">The model is not protected, or the masks have other classes.</exception>
    /// <exception cref="InvalidDataException">A row's image or mask cannot be read.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void.</exception>
    public WrongKeyMetrics EvaluateWrongKeys(
        ITransformer model,
        IDataView data,
        int wrongKeyCount = 100,
        string labelColumnName = ColumnNames.Label,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        return AccessControlEvaluation.EvaluateWrongKeys(_environment, model, data, wrongKeyCount, labelColumnName, progress, cancellationToken);
    }

    /// <summary>
    /// Measures what a stolen model is worth to whoever has its file and some labelled images but not the key, beside what
    /// these images are worth without it.
    /// </summary>
    /// <remarks>
    /// A stolen model is worthless where a training from its weights does no better than one from random weights
    /// (<see cref="AttackMethod.TrainFromScratch"/>). Takes as long as two trainings and a cheap one for each number of images.
    /// With a seed in the <see cref="MLContext"/> it is repeatable on the CPU.
    /// </remarks>
    /// <param name="model">A model of permuted feature maps, locked or not, or a chain of transformers with one.</param>
    /// <param name="attackerImages">Rows with an image and a mask that the attacker has.</param>
    /// <param name="testImages">Rows with an image and a mask to try what comes out on.</param>
    /// <param name="key">The model's key, which partly right keys are made from; no other attack uses it.</param>
    /// <param name="options">What attacks may use; by default <see cref="AttackOptions"/>'s own.</param>
    /// <returns>The results, in the order in which they were made.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The model has no keyed map, or the data does not fit the model.</exception>
    /// <exception cref="WrongKeyException">The key is another one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="InvalidDataException">A row's image or mask cannot be read, or they differ in size.</exception>
    /// <exception cref="OperationCanceledException">The token of the options was cancelled.</exception>
    public IReadOnlyList<AttackResult> EvaluateAttacks(
        ITransformer model, IDataView attackerImages, IDataView testImages, PermutationKey key, AttackOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(attackerImages);
        ArgumentNullException.ThrowIfNull(testImages);
        ArgumentNullException.ThrowIfNull(key);
        return AttackPreparation.Evaluate(_environment, model, attackerImages, testImages, key, options ?? new AttackOptions());
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
        return ImportedModel.Create(_environment, weights, classNames, imageHeight, imageWidth, outputStride);
    }
}
