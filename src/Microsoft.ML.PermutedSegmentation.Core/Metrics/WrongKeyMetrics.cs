namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What a model is worth with wrong keys: the paper's condition Incorrect.</summary>
public sealed class WrongKeyMetrics
{
    internal WrongKeyMetrics(IReadOnlyList<SegmentationMetrics> perKey)
    {
        PerKey = perKey;
        MeanIntersectionOverUnion = KeySpread.Of([.. perKey.Select(metrics => metrics.MeanIntersectionOverUnion)]);
        MeanImageIntersectionOverUnion = KeySpread.Of([.. perKey.Select(metrics => metrics.MeanImageIntersectionOverUnion)]);
        PixelAccuracy = KeySpread.Of([.. perKey.Select(metrics => metrics.PixelAccuracy)]);
    }

    /// <summary>The metrics with each key.</summary>
    public IReadOnlyList<SegmentationMetrics> PerKey { get; }

    /// <summary>VOC's mean IoU over the keys.</summary>
    public KeySpread MeanIntersectionOverUnion { get; }

    /// <summary>The paper's mean IoU over the keys.</summary>
    public KeySpread MeanImageIntersectionOverUnion { get; }

    /// <summary>The pixel accuracy over the keys.</summary>
    public KeySpread PixelAccuracy { get; }
}
