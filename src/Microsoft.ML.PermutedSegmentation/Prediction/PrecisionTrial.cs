using System.Diagnostics;
using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Whether a model should score in fewer bits, by what happens to some of its images.</summary>
internal static class PrecisionTrial
{
    // Of all pixels, and between the masks of both: classes with few pixels count there as much as others.
    private const double LeastAgreement = 0.999, LeastIntersectionOverUnion = 0.99;

    // Less is not worth other labels, and may be chance.
    private const double MostTime = 0.9;
    private const int Rounds = 3;

    /// <summary>The images by which <see cref="ScoringPrecision.Auto"/> decides; none for the others.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    /// <exception cref="ArgumentException">Auto needs images and has none, or such that cannot be scored.</exception>
    public static MLImage[] Check(ScoringPrecision precision, IReadOnlyList<MLImage>? calibration)
    {
        if (!Enum.IsDefined(precision))
            throw new ArgumentOutOfRangeException(nameof(precision), precision, $"The precisions are {string.Join(", ", Enum.GetNames<ScoringPrecision>())}.");
        if (precision != ScoringPrecision.Auto)
            return [];
        return calibration is { Count: > 0 }
            ? [.. calibration.Select((image, i) => RgbPixels.RequireStraightColors(image, i, nameof(calibration)))]
            : throw new ArgumentException($"{nameof(ScoringPrecision)}.{nameof(ScoringPrecision.Auto)} decides by images of the model's own: give some.", nameof(calibration));
    }

    /// <summary>A model in the numbers that <see cref="ScoringPrecision.Auto"/> takes. All weights are shared; the caller disposes it.</summary>
    /// <param name="model">An unlocked model.</param>
    /// <param name="device">Where it is.</param>
    /// <param name="images">What decides; at least one.</param>
    public static SegmentationModel Choose(SegmentationModel model, torch.Device device, IReadOnlyList<MLImage> images)
    {
        SegmentationModel single = model.With(model.Running with { Precision = ScoringPrecision.Single }), small = model.With(model.Running with { Precision = ScoringPrecision.BFloat16 });
        SegmentationModel? chosen = null;
        try
        {
            return chosen = PrefersBFloat16(single, small, device, images) ? small : single;
        }
        finally
        {
            foreach (SegmentationModel other in (SegmentationModel[])[single, small])
            {
                if (other != chosen)
                    other.Dispose();
            }
        }
    }

    /// <summary>Whether bfloat16 is faster here and gives the same labels, as <see cref="ScoringPrecision.Auto"/> says.</summary>
    /// <param name="single">The model in floats of 32 bits.</param>
    /// <param name="small">The same model in bfloat16.</param>
    /// <param name="device">Where both are.</param>
    /// <param name="images">What they are compared by; at least one.</param>
    private static bool PrefersBFloat16(SegmentationModel single, SegmentationModel small, torch.Device device, IReadOnlyList<MLImage> images) =>
        (device.type != DeviceType.CPU || ProcessorNumbers.HasBFloat16)
        && AreSame(Compare(single, small, device, images)) && ShareOfTime(single, small, device, images) <= MostTime;

    /// <summary>Whether the labels are as equal as <see cref="ScoringPrecision.Auto"/> demands.</summary>
    public static bool AreSame(SegmentationMetrics between) =>
        between.PixelAccuracy >= LeastAgreement && between.MeanIntersectionOverUnion >= LeastIntersectionOverUnion;

    /// <summary>The labels of the second model, as if those of the first were true.</summary>
    public static SegmentationMetrics Compare(SegmentationModel single, SegmentationModel small, torch.Device device, IReadOnlyList<MLImage> images)
    {
        var evaluator = new SegmentationEvaluator(single.Description.ClassNames);
        using ImageScorer expected = new(single, device), actual = new(small, device);
        VBuffer<byte> expectedLabels = default, actualLabels = default;
        foreach (MLImage image in images)
        {
            expected.Run(image);
            actual.Run(image);
            expected.GetLabels(0, ref expectedLabels);
            actual.GetLabels(0, ref actualLabels);
            evaluator.AddImage(expectedLabels.GetValues(), actualLabels.GetValues());
        }
        return evaluator.ToMetrics();
    }

    /// <summary>The time of the second model as a share of the first's: of images that are ready, as many together as a data view would have.</summary>
    public static double ShareOfTime(SegmentationModel single, SegmentationModel small, torch.Device device, IReadOnlyList<MLImage> images)
    {
        int together = single.Description.ScoresResizedImages ? RowReadAhead.RowsTogether(single.Description, device) : 1;
        using var batch = new ImageBatch(single, together, device);
        for (int i = 0; i < together; i++)
            batch.Add(images[i % images.Count]);
        BatchScorer slow = new(single, device), fast = new(small, device);
        // The first round is for warming up. Of the others the fastest: something else may run now and then.
        double leastSlow = double.PositiveInfinity, leastFast = double.PositiveInfinity;
        for (int round = 0; round <= Rounds; round++)
        {
            double slowTime = Time(slow, batch), fastTime = Time(fast, batch);
            if (round > 0)
                (leastSlow, leastFast) = (Math.Min(leastSlow, slowTime), Math.Min(leastFast, fastTime));
        }
        return leastFast / leastSlow;
    }

    private static double Time(BatchScorer scorer, ImageBatch batch)
    {
        long start = Stopwatch.GetTimestamp();
        scorer.Run(batch);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
