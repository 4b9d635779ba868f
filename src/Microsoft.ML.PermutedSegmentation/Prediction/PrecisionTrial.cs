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

    /// <summary>Whether bfloat16 is faster here and gives the same labels, as <see cref="ScoringPrecision.Auto"/> says.</summary>
    /// <param name="single">The model in floats of 32 bits.</param>
    /// <param name="small">The same model in bfloat16.</param>
    /// <param name="device">Where both are.</param>
    /// <param name="images">What they are compared by; at least one.</param>
    public static bool PrefersBFloat16(SegmentationModel single, SegmentationModel small, torch.Device device, IReadOnlyList<MLImage> images)
    {
        if (device.type == DeviceType.CPU && !ProcessorNumbers.HasBFloat16)
            return false;
        return GivesSameLabels(single, small, device, images) && IsFaster(single, small, device, images);
    }

    /// <summary>Whether the labels are as equal as <see cref="ScoringPrecision.Auto"/> demands.</summary>
    public static bool GivesSameLabels(SegmentationModel single, SegmentationModel small, torch.Device device, IReadOnlyList<MLImage> images)
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
        SegmentationMetrics metrics = evaluator.ToMetrics();
        return metrics.PixelAccuracy >= LeastAgreement && metrics.MeanIntersectionOverUnion >= LeastIntersectionOverUnion;
    }

    // In turn, and the fastest round of each: something else may run now and then. Both have run before.
    private static bool IsFaster(SegmentationModel single, SegmentationModel small, torch.Device device, IReadOnlyList<MLImage> images)
    {
        using ImageScorer slow = new(single, device), fast = new(small, device);
        (TimeSpan Slow, TimeSpan Fast) least = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (int round = 0; round < Rounds; round++)
        {
            TimeSpan slowTime = Time(slow, images), fastTime = Time(fast, images);
            least = (slowTime < least.Slow ? slowTime : least.Slow, fastTime < least.Fast ? fastTime : least.Fast);
        }
        return least.Fast <= MostTime * least.Slow;
    }

    private static TimeSpan Time(ImageScorer scorer, IReadOnlyList<MLImage> images)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (MLImage image in images)
            scorer.Run(image);
        return Stopwatch.GetElapsedTime(start);
    }
}
