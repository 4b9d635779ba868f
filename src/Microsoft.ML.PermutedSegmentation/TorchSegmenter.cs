using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Labels each pixel of an image with its class, with libtorch and without a pipeline: from a model file that <c>mlContext.Model.Save</c> wrote. The
/// key puts the weights in order in memory, once, so nothing is permuted at run time.
/// </summary>
/// <remarks>May be used from several threads at once. Holds native memory: dispose it when done.</remarks>
public sealed class TorchSegmenter : ISegmentationModel
{
    private readonly PermutedSegmentationTransformer _model;

    private TorchSegmenter(PermutedSegmentationTransformer model) => _model = model;

    /// <inheritdoc/>
    public bool IsUnlocked => _model.IsUnlocked;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => _model.ClassNames;

    /// <inheritdoc/>
    public int ImageHeight => _model.ImageHeight;

    /// <inheritdoc/>
    public int ImageWidth => _model.ImageWidth;

    /// <inheritdoc/>
    public bool HasProbabilities => true;

    /// <summary>
    /// The model, to inspect it. It only scores and cannot be saved (<see cref="SegmentationCatalog.ForScoring"/>), and is this object's: do not dispose it separately.
    /// </summary>
    public PermutedSegmentationTransformer Transformer => _model;

    /// <summary>Reads a model from a file.</summary>
    /// <param name="path">A file of ML.NET with one segmentation model, and nothing before it but the loading of images and masks.</param>
    /// <param name="key">The model's key; null for a model that needs none, or to run it locked (the paper's No-perm). It is not needed afterwards.</param>
    /// <param name="verify">
    /// Whether to refuse a key that is not known to be the right one. Without it another key gives worthless labels, without any error.
    /// </param>
    /// <param name="precision">The numbers in which it scores, as <see cref="SegmentationCatalog.WithPrecision"/> has it.</param>
    /// <param name="calibration">For <see cref="ScoringPrecision.Auto"/>: some images of the kind that will be scored.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or there are no calibration images for <see cref="ScoringPrecision.Auto"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is not a segmentation model of ML.NET, whatever its name, or it is damaged; the message says what it is.</exception>
    /// <exception cref="WrongKeyException"><paramref name="verify"/> is set, or the model is sealed, and the key is another one.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is a key, but the model is not protected; or <paramref name="verify"/> is set, and the model stores no fingerprint; or there is no key, but the
    /// model is sealed; or its pipeline changes images before the network reads them.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static TorchSegmenter Load(
        string path, PermutationKey? key = null, bool verify = true, ScoringPrecision precision = ScoringPrecision.Single, IReadOnlyList<MLImage>? calibration = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        PrecisionTrial.Check(precision, calibration);
        SegmentationFile.Require(path, SegmentationFileKind.Model);
        var mlContext = new MLContext();
        using PermutedSegmentationTransformer stored = Read(mlContext, path, key, verify);
        using PermutedSegmentationTransformer? other = precision == ScoringPrecision.Single ? null : mlContext.Segmentation().WithPrecision(stored, precision, calibration);
        return new TorchSegmenter(mlContext.Segmentation().ForScoring(other ?? stored));
    }

    /// <inheritdoc/>
    public IReadOnlyList<ScoredImage> Score(IReadOnlyList<MLImage> images, bool withProbabilities = false)
    {
        ArgumentNullException.ThrowIfNull(images);
        MLImage[] opaque = [.. images.Select((image, i) => RgbPixels.RequireStraightColors(image, i, nameof(images)))];
        SegmentationModel model = _model.Model;
        model.ThrowIfDisposed();
        if (opaque is [])
            return [];
        // Those that are read by windows are read one after the other.
        int together = model.Description.ScoresResizedImages ? opaque.Length : 1;
        var scorer = new BatchScorer(model, _model.Device) { WithProbabilities = withProbabilities };
        using var batch = new ImageBatch(model, together, _model.Device);
        return [.. opaque.Chunk(together).SelectMany(chunk => Score(scorer, batch, chunk))];
    }

    /// <summary>Frees the network's native memory, once no other thread segments images with it any more.</summary>
    public void Dispose() => _model.Dispose();

    private static PermutedSegmentationTransformer Read(MLContext mlContext, string path, PermutationKey? key, bool verify)
    {
        try
        {
            return Open(LoadChain(mlContext, path), key, verify);
        }
        // What a loader throws comes wrapped, since ML.NET finds it by reflection.
        catch (TargetInvocationException exception)
        {
            throw new InvalidDataException($"'{path}': {exception.GetBaseException().Message}", exception);
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"'{path}': {exception.Message}", exception);
        }
        catch (InvalidOperationException exception) when (exception is not (WrongKeyException or ObjectDisposedException))
        {
            throw new InvalidOperationException($"'{path}': {exception.Message}", exception);
        }
    }

    // ML.NET says this of an archive in which parts of a model are missing.
    private static ITransformer LoadChain(MLContext mlContext, string path)
    {
        try
        {
            return mlContext.Model.Load(path, out _);
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidDataException($"It is damaged, or was not written to its end. ({exception.Message})", exception);
        }
    }

    private static IEnumerable<ScoredImage> Score(BatchScorer scorer, ImageBatch batch, MLImage[] images)
    {
        batch.Clear();
        foreach (MLImage image in images)
            batch.Add(image);
        scorer.Run(batch);
        return images.Select((_, i) => scorer.ToScoredImage(i));
    }

    private static PermutedSegmentationTransformer Open(ITransformer chain, PermutationKey? key, bool verify)
    {
        try
        {
            (ITransformer[] before, PermutedSegmentationTransformer model) = ModelChain.Split(chain);
            if (Array.Find(before, link => link is not (ImageLoadingTransformer or ImageFileLoadingTransformer or MaskLoadingTransformer)) is { } other)
                throw new InvalidOperationException($"Its pipeline does something before the network reads the images ({other.GetType().Name}). Load it with mlContext.Model.Load, and use its pipeline.");
            if (key is not null)
                return model.Unlock(key, verify);
            model.Model.ThrowIfClosed();
            return (PermutedSegmentationTransformer)((IKeyedTransformer)model).With(key: null);
        }
        finally
        {
            (chain as IDisposable)?.Dispose();
        }
    }
}
