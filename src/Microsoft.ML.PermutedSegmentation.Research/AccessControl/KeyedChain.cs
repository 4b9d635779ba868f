namespace Microsoft.ML.PermutedSegmentation.AccessControl;

/// <summary>A model that a key protects, with what runs before it: to be scored under several keys.</summary>
internal sealed class KeyedChain
{
    private readonly ITransformer[] _before;
    private readonly IKeyedSegmenter _segmenter;

    private KeyedChain(ITransformer[] before, IKeyedSegmenter segmenter) => (_before, _segmenter) = (before, segmenter);

    /// <summary>The classes, in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames => _segmenter.ClassNames;

    /// <summary>Height of the images that the network reads.</summary>
    public int ImageHeight => _segmenter.ImageHeight;

    /// <summary>Width of these images.</summary>
    public int ImageWidth => _segmenter.ImageWidth;

    private bool EncryptsImages => _segmenter is PermutedSegmentationTransformer { Model.EncryptsImages: true } || _before.Any(link => link is IImageEncryption);

    /// <exception cref="ArgumentException">There is not one model, or it is not protected, or is sealed.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public static KeyedChain Of(ITransformer model)
    {
        (ITransformer[] before, IKeyedSegmenter segmenter) = ModelChain.SplitKeyed(model);
        var chain = new KeyedChain(before, segmenter);
        if (segmenter.IsSealed)
            throw new ArgumentException("This model is sealed: without its key it does not run, so that there are no other key conditions to score.", nameof(model));
        return segmenter.IsProtected || chain.EncryptsImages
            ? chain
            : throw new ArgumentException("This model is not protected by a key: there are no key conditions to compare.", nameof(model));
    }

    /// <exception cref="WrongKeyException">The key is not that of the model or of something before it.</exception>
    public void RefuseWrong(PermutationKey key)
    {
        foreach (IKeyedTransformer link in _before.Append(_segmenter).OfType<IKeyedTransformer>())
            KeyVerification.RefuseWrong(link.Matches(key), link.Name);
    }

    /// <summary>The rows that the model reads.</summary>
    public IDataView Prepare(IDataView data) => Apply(_before, data);

    /// <summary>The metrics under each key; null is none.</summary>
    // A key that changes the images themselves leaves no layer that computes the same for two keys; and a sweep knows resized images only.
    public SegmentationMetrics[] Score(
        IDataView data, IReadOnlyList<PermutationKey?> keys, string labelColumnName, IProgress<long>? progress, CancellationToken cancellation)
        => _segmenter is PermutedSegmentationTransformer { Model: var model, Device: var device } && model.Description.ScoresResizedImages && !EncryptsImages
            ? new KeySweep(model, device).Run(Prepare(data), labelColumnName, keys, cancellation, progress)
            : ScoreEach(data, keys, labelColumnName, progress, cancellation);

    private SegmentationMetrics[] ScoreEach(
        IDataView data, IReadOnlyList<PermutationKey?> keys, string labelColumnName, IProgress<long>? progress, CancellationToken cancellation)
    {
        long scored = 0;
        return [.. keys.Select(key =>
        {
            cancellation.ThrowIfCancellationRequested();
            using var underKey = (IKeyedSegmenter)_segmenter.With(key);
            IDataView images = Apply([.. _before.Select(link => link is IKeyedTransformer keyed ? keyed.With(key) : link)], data);
            SegmentationMetrics metrics = DataViewEvaluation.Evaluate(underKey.Transform(images), labelColumnName, underKey.PredictedLabelColumnName);
            progress?.Report(scored += metrics.ImageCount);
            NativeHeap.Trim();
            return metrics;
        })];
    }

    private static IDataView Apply(ITransformer[] transformers, IDataView data)
        => transformers.Aggregate(data, (view, transformer) => transformer.Transform(view));
}
