using System.Globalization;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How well predicted masks agree with the true ones.</summary>
/// <remarks>
/// Void pixels (missing labels) are left out everywhere. TP, FP and FN are pixel counts of a class; a labelled pixel without
/// a prediction is an FN of its class and an FP of none. Ignored classes are left out of the averages over classes only:
/// their pixels still count as FP and FN of the other classes, in <see cref="PixelAccuracy"/> and in the matrix.
/// All ratios are between 0 and 1, or NaN where nothing is left to average.
/// </remarks>
public sealed class SegmentationMetrics
{
    private readonly bool[] _ignored;

    internal SegmentationMetrics(
        PixelConfusionMatrix matrix, IReadOnlyList<string> classNames, bool[] ignored, IReadOnlyList<double> perImageIntersectionOverUnion, long voidPixelCount)
    {
        ConfusionMatrix = matrix;
        ClassNames = [.. classNames];
        _ignored = ignored;
        PerImageIntersectionOverUnion = perImageIntersectionOverUnion;
        MeanImageIntersectionOverUnion = perImageIntersectionOverUnion.Where(iou => !double.IsNaN(iou)).DefaultIfEmpty(double.NaN).Average();
        ImageCount = perImageIntersectionOverUnion.Count;
        VoidPixelCount = voidPixelCount;

        int classCount = matrix.ClassCount;
        double[] iou = new double[classCount], dice = new double[classCount], accuracy = new double[classCount];
        long correct = 0, keptPixels = 0;
        double weightedIou = 0;
        for (int k = 0; k < classCount; k++)
        {
            long hits = matrix[k, k];
            long truth = matrix.GetTruthCount(k);
            long predicted = matrix.GetPredictedCount(k);
            iou[k] = (double)hits / (truth + predicted - hits);
            dice[k] = 2.0 * hits / (truth + predicted);
            accuracy[k] = (double)hits / truth;
            PixelCount += truth;
            correct += hits;
            if (!ignored[k] && truth > 0)
            {
                keptPixels += truth;
                weightedIou += truth * iou[k];
            }
        }

        PerClassIntersectionOverUnion = iou.AsReadOnly();
        PerClassDice = dice.AsReadOnly();
        PerClassAccuracy = accuracy.AsReadOnly();
        MeanIntersectionOverUnion = Mean(iou);
        MeanDice = Mean(dice);
        MeanClassAccuracy = Mean(accuracy);
        PixelAccuracy = (double)correct / PixelCount;
        FrequencyWeightedIntersectionOverUnion = weightedIou / keptPixels;
    }

    /// <summary>
    /// The mean over classes of <see cref="PerClassIntersectionOverUnion"/>, without empty unions and ignored classes:
    /// one confusion matrix for all images, as PASCAL VOC counts.
    /// </summary>
    public double MeanIntersectionOverUnion { get; }

    /// <summary>
    /// The mean over images of each image's mean IoU over the classes whose union in that image is not empty: the paper's
    /// number (Sec. III-B). An image without such a class, for example one in which every pixel is void, is left out.
    /// </summary>
    public double MeanImageIntersectionOverUnion { get; }

    /// <summary>Each image's own mean IoU, in the order of the rows; NaN for an image that is left out of <see cref="MeanImageIntersectionOverUnion"/>.</summary>
    public IReadOnlyList<double> PerImageIntersectionOverUnion { get; }

    /// <summary>TP / (TP + FP + FN) of each class over all images (Eq. 1); NaN where the union is empty.</summary>
    public IReadOnlyList<double> PerClassIntersectionOverUnion { get; }

    /// <summary>The share of labelled pixels that were given their class.</summary>
    public double PixelAccuracy { get; }

    /// <summary>TP / (TP + FN) of each class over all images; NaN for a class that no label names.</summary>
    public IReadOnlyList<double> PerClassAccuracy { get; }

    /// <summary>The mean of <see cref="PerClassAccuracy"/> over the classes that occur in the labels, without ignored ones.</summary>
    public double MeanClassAccuracy { get; }

    /// <summary>
    /// The mean of <see cref="PerClassIntersectionOverUnion"/> weighted by the classes' true pixels, without ignored classes
    /// (the weights of the others sum to 1).
    /// </summary>
    public double FrequencyWeightedIntersectionOverUnion { get; }

    /// <summary>The mean of <see cref="PerClassDice"/> over classes, without empty unions and ignored classes.</summary>
    public double MeanDice { get; }

    /// <summary>2 TP / (2 TP + FP + FN) of each class over all images, also called F1; NaN where the union is empty.</summary>
    public IReadOnlyList<double> PerClassDice { get; }

    /// <summary>The counts of labelled pixels by true and predicted class.</summary>
    public PixelConfusionMatrix ConfusionMatrix { get; }

    /// <summary>The number of images, those in which every pixel is void included.</summary>
    public int ImageCount { get; }

    /// <summary>The number of labelled pixels, at the size of the predictions.</summary>
    public long PixelCount { get; }

    /// <summary>The number of pixels without a label, at the size of the predictions.</summary>
    public long VoidPixelCount { get; }

    /// <summary>The names of the classes, in the order of all per-class lists.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>What is wrong when true objects seem to be void; null when nothing is.</summary>
    internal string? ObjectsAsVoid { get; init; }

    /// <summary>Names the classes that no label names and that lower the mean IoU, since pixels were given them; null for none.</summary>
    internal string? ClassesWithoutTruth
    {
        get
        {
            string[] names = [.. Enumerable.Range(0, ClassNames.Count).Where(k => !_ignored[k] && ConfusionMatrix.GetTruthCount(k) == 0 && PerClassIntersectionOverUnion[k] == 0).Select(k => $"'{ClassNames[k]}'")];
            const int most = 5;
            string list = string.Join(", ", names.Take(most)) + (names.Length > most ? $" and {names.Length - most} more" : "");
            return names.Length == 0 ? null : $"No true pixel is of {list}, but some predicted ones are: this IoU of 0 counts in the mean IoU.";
        }
    }

    /// <summary>A table of the classes, the means over them and the counts, with points as decimal separators.</summary>
    public override string ToString()
    {
        string[] names = [.. ClassNames.Select((name, k) => _ignored[k] ? name + " *" : name)];
        int width = Math.Max("Mean".Length, names.Max(name => name.Length));
        var table = new StringBuilder();
        AppendLine(table, $"{"Class".PadRight(width)}      IoU     Dice  Accuracy            Pixels");
        for (int k = 0; k < names.Length; k++)
            AppendRow(names[k], PerClassIntersectionOverUnion[k], PerClassDice[k], PerClassAccuracy[k], ConfusionMatrix.GetTruthCount(k));
        AppendRow("Mean", MeanIntersectionOverUnion, MeanDice, MeanClassAccuracy, PixelCount);
        if (_ignored.Contains(true))
            AppendLine(table, $"* not in the means");
        AppendLine(table, $"");
        AppendLine(table, $"Mean IoU per image      {Ratio(MeanImageIntersectionOverUnion)}");
        AppendLine(table, $"Frequency-weighted IoU  {Ratio(FrequencyWeightedIntersectionOverUnion)}");
        AppendLine(table, $"Pixel accuracy          {Ratio(PixelAccuracy)}");
        AppendLine(table, $"{ImageCount:N0} images, {PixelCount:N0} labelled pixels, {VoidPixelCount:N0} void pixels");
        return table.ToString();

        void AppendRow(string name, double iou, double dice, double accuracy, long pixels) =>
            AppendLine(table, $"{name.PadRight(width)}  {Ratio(iou),7}  {Ratio(dice),7}  {Ratio(accuracy),8}  {pixels,16:N0}");
    }

    // "\n" on every system, so that the text does not depend on where it was made.
    private static void AppendLine(StringBuilder table, FormattableString line) =>
        table.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Ratio(double value) =>
        double.IsNaN(value) ? "-" : value.ToString("0.0000", CultureInfo.InvariantCulture);

    private double Mean(double[] perClass)
    {
        double sum = 0;
        int count = 0;
        for (int k = 0; k < perClass.Length; k++)
        {
            if (_ignored[k] || double.IsNaN(perClass[k]))
                continue;
            sum += perClass[k];
            count++;
        }
        return sum / count;
    }
}
