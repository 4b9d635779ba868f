using System.Globalization;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What a protected model is worth under the three key conditions of the paper, and what no model at all is worth.</summary>
public sealed class AccessControlMetrics
{
    internal AccessControlMetrics(
        SegmentationMetrics correct, SegmentationMetrics noKey, WrongKeyMetrics incorrect,
        SegmentationMetrics bestConstantClass, SegmentationMetrics? mostFrequentClassPerPixel)
    {
        Correct = correct;
        NoKey = noKey;
        Incorrect = incorrect;
        BestConstantClass = bestConstantClass;
        MostFrequentClassPerPixel = mostFrequentClassPerPixel;
    }

    /// <summary>With the key.</summary>
    public SegmentationMetrics Correct { get; }

    /// <summary>Without any key: the paper's No-perm (Table I); for encrypted images its Plain (Table II).</summary>
    public SegmentationMetrics NoKey { get; }

    /// <summary>With random keys.</summary>
    public WrongKeyMetrics Incorrect { get; }

    /// <summary>A floor to judge by: giving every pixel the same class, the one with the best mean IoU.</summary>
    public SegmentationMetrics BestConstantClass { get; }

    /// <summary>A floor to judge by: giving each pixel the class that it has most often in the training masks; null when none were given.</summary>
    public SegmentationMetrics? MostFrequentClassPerPixel { get; }

    /// <summary>A table of the conditions and floors, with points as decimal separators.</summary>
    public override string ToString()
    {
        var table = new StringBuilder();
        int keys = Incorrect.PerKey.Count;
        Append("", "mean IoU", "per image", "pixel accuracy");
        AppendMetrics("Correct key", Correct);
        AppendMetrics("No key", NoKey);
        AppendSpread($"Incorrect, mean of {keys}", spread => spread.Mean);
        AppendSpread("Incorrect, deviation", spread => spread.StandardDeviation);
        AppendSpread("Incorrect, lowest", spread => spread.Minimum);
        AppendSpread("Incorrect, highest", spread => spread.Maximum);
        AppendMetrics("Best constant class", BestConstantClass);
        if (MostFrequentClassPerPixel is { } prior)
            AppendMetrics("Most frequent per pixel", prior);
        return table.ToString();

        void AppendMetrics(string name, SegmentationMetrics metrics)
            => Append(name, Ratio(metrics.MeanIntersectionOverUnion), Ratio(metrics.MeanImageIntersectionOverUnion), Ratio(metrics.PixelAccuracy));

        void AppendSpread(string name, Func<KeySpread, double> select)
            => Append(name, Ratio(select(Incorrect.MeanIntersectionOverUnion)), Ratio(select(Incorrect.MeanImageIntersectionOverUnion)), Ratio(select(Incorrect.PixelAccuracy)));

        void Append(string name, string iou, string imageIou, string accuracy)
            => table.Append($"{name,-26}{iou,9}{imageIou,11}{accuracy,16}\n");
    }

    private static string Ratio(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
