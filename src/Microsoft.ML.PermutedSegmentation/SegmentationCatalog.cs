using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Semantic segmentation with models that need their secret key; reached by <c>mlContext.Segmentation()</c>.</summary>
public sealed partial class SegmentationCatalog : IModelContents<ITransformer>
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
    /// Warnings are logged if true masks seem to have been saved in black and white, so that their objects are void, and if the mean
    /// counts a class without a true pixel.
    /// </remarks>
    /// <param name="data">Rows with both masks, as a segmentation model makes them from rows with images and masks.</param>
    /// <param name="labelColumnName">Column of true masks; a mask whose size differs from the prediction's is resized to it, by nearest pixel. It must have the shape of the image that the prediction was made from.</param>
    /// <param name="predictedLabelColumnName">Column of predicted masks.</param>
    /// <param name="ignoredClasses">Classes, from 0, to leave out of the averages, for example the background.</param>
    /// <param name="progress">Is told, on the calling thread, how many images have been evaluated so far.</param>
    /// <param name="cancellationToken">Ends the evaluation, between two images, with an <see cref="OperationCanceledException"/>.</param>
    /// <param name="processGroup">Processes that evaluate other rows at the same time; all get the metrics of all rows, in the order of the ranks. Null: there are none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not hold masks, or there is no class with an ignored number.</exception>
    /// <exception cref="ArgumentException">The columns disagree about the classes, or no class is left to average.</exception>
    /// <exception cref="InvalidDataException">A row's mask does not match its size or its classes, or differs in shape from its image.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or every pixel is void.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public SegmentationMetrics Evaluate(
        IDataView data,
        string labelColumnName = ColumnNames.Label,
        string predictedLabelColumnName = ColumnNames.PredictedLabel,
        IReadOnlyCollection<int>? ignoredClasses = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default,
        IProcessGroup? processGroup = null)
    {
        try
        {
            SegmentationMetrics metrics = DataViewEvaluation.Evaluate(
                data, labelColumnName, predictedLabelColumnName, ignoredClasses, progress, cancellationToken, processGroup);
            metrics.LogWarnings(Environment);
            return metrics;
        }
        catch
        {
            // Others may be waiting for this process.
            processGroup?.Abandon();
            throw;
        }
    }

    /// <summary>
    /// A model with weights that were trained elsewhere: an unprotected one, to score with, to protect, or to save. With weights
    /// of one of torchvision's networks it scores as that network does; images are normalized in the same way.
    /// </summary>
    /// <param name="weights">Weights of a network, for example read with <see cref="SegmentationWeights.Load"/>. They are shared, and each is disposed separately.</param>
    /// <param name="classNames">The names of the classes, in their order; as many as the weights distinguish.</param>
    /// <param name="imageHeight">Height that images are resized to, in pixels; a multiple of the output stride.</param>
    /// <param name="imageWidth">Width that images are resized to, in pixels; a multiple of the output stride.</param>
    /// <param name="outputStride">
    /// How many times smaller the backbone's last feature map is than the image: 8, 16 or 32, as the weights were trained. Null for what
    /// torchvision's networks have: 8, and 16 for <c>lraspp_mobilenet_v3_large</c>. A plain ResNet has 32.
    /// </param>
    /// <returns>A model that reads the column Image and adds the columns PredictedLabel and Score.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The weights are those of a locked model or of a backbone alone, or the number of different class names is not that of the weights.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The output stride is not possible with the backbone, or a side of the image is not a multiple of it or is larger than 16384.</exception>
    /// <exception cref="ObjectDisposedException">The weights were disposed.</exception>
    public PermutedSegmentationTransformer CreateModel(
        SegmentationWeights weights, IReadOnlyList<string> classNames, int imageHeight = 256, int imageWidth = 256, int? outputStride = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(classNames);
        return ImportedModel.Create(Environment, weights, classNames, imageHeight, imageWidth, outputStride);
    }

    /// <summary>
    /// The same model with another way to score images of other sizes than its own, for example large photographs by overlapping windows. It
    /// belongs to the model: <c>PredictionEngine</c>, files and exported ONNX files have it, too.
    /// </summary>
    /// <remarks>
    /// The given model is not changed. Both share all weights, and each is disposed separately. With <see cref="ScoringMode.SlidingWindow"/> the
    /// masks have the size of the image, which the column PredictedLabelSize tells (docs/large-images.md).
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">A segmentation model, locked or not, or a chain of transformers with one.</param>
    /// <param name="mode">How images are scored.</param>
    /// <param name="augmentation">How often each is scored, mirrored or at other scales; null: once.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such mode.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or more than one.</exception>
    /// <exception cref="InvalidOperationException">The model only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public T WithScoring<T>(T model, ScoringMode mode, TestTimeAugmentation? augmentation = null) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelChain.WithScoring(Environment, model, mode, augmentation);
    }

    /// <summary>
    /// The same model that scores in other numbers on this machine, for example in bfloat16 on a GPU. It does not belong to the model's file: a
    /// loaded model scores in floats of 32 bits.
    /// </summary>
    /// <remarks>
    /// The given model is not changed. Both share all weights, and each is disposed separately. What is made of the result, such as an unlocked
    /// model, scores as it does.
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">A segmentation model, or a chain of transformers with one; for <see cref="ScoringPrecision.Auto"/> an unlocked one.</param>
    /// <param name="precision">The numbers. The result's <see cref="PermutedSegmentationTransformer.Precision"/> tells what <see cref="ScoringPrecision.Auto"/> has chosen.</param>
    /// <param name="calibration">
    /// For <see cref="ScoringPrecision.Auto"/>: some images of the kind that will be scored, as the network reads them, to be scored in both precisions.
    /// The caller disposes them. Otherwise they are not used.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="model"/> holds no segmentation model, or more than one; or there is no calibration image for <see cref="ScoringPrecision.Auto"/>, or one is null or has
    /// colors that are multiplied with its opacity.
    /// </exception>
    /// <exception cref="InvalidOperationException"><see cref="ScoringPrecision.Auto"/>: the model is locked; or it only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public T WithPrecision<T>(T model, ScoringPrecision precision, IReadOnlyList<MLImage>? calibration = null) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelChain.WithPrecision(Environment, model, precision, PrecisionTrial.Check(precision, calibration));
    }

    /// <summary>
    /// The same model with another number of threads that read images while it scores a data view, or is evaluated. Results do not depend on it. It
    /// does not belong to the model's file.
    /// </summary>
    /// <remarks>
    /// The given model is not changed. Both share all weights, and each is disposed separately. What is made of the result, such as an unlocked
    /// model, has as many. Images that are scored by windows are read by one thread.
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">A segmentation model, or a chain of transformers with one.</param>
    /// <param name="workers">How many threads decode and resize images, 1 to 256; null for as many as the network leaves cores idle, at most 16.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There cannot be so many threads.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or more than one.</exception>
    /// <exception cref="InvalidOperationException">The model only scores (<see cref="ForScoring"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public T WithInputWorkers<T>(T model, int? workers) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!InputWorkers.IsPossible(workers))
            throw new ArgumentOutOfRangeException(nameof(workers), workers, $"The number of threads must be {InputWorkers.Possible}.");
        return ModelChain.WithInputWorkers(Environment, model, workers);
    }

    /// <summary>
    /// The same model in less memory, for a program that only scores images: it keeps its weights in the form that scores, and no longer as they are in
    /// its file.
    /// </summary>
    /// <remarks>
    /// The given model is not changed; dispose it, and all models that share its weights, to free them. Choose the
    /// <see cref="WithScoring">mode</see>, the <see cref="WithPrecision">precision</see> and the <see cref="WithInputWorkers">threads</see> before. The result scores and is
    /// evaluated as any model. It is refused with an <see cref="InvalidOperationException"/> where its weights are needed: it cannot be saved (ML.NET has already emptied the file
    /// by then), exported, made another model of or tried with other keys. <see cref="TorchSegmenter"/> has such a model.
    /// </remarks>
    /// <typeparam name="T">The type of the model, which the result has, too.</typeparam>
    /// <param name="model">A segmentation model, or a chain of transformers with one; unlocked, unless it is to score locked.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="model"/> holds no segmentation model, or more than one.</exception>
    /// <exception cref="InvalidOperationException">The model is sealed and has no key, or it only scores already.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public T ForScoring<T>(T model) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelChain.ForScoring(Environment, model);
    }

    ModelContents IModelContents<ITransformer>.GetContents(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = ModelChain.Split(model);
        if (before.OfType<IImageEncryption>().FirstOrDefault() is { } link)
            throw new InvalidOperationException($"The network of this chain learned from images that are encrypted with a key ({link.Name}), which is not part of the network: alone it is worth nothing.");
        return segmenter.Model.ToContents();
    }
}
