namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// The metrics once more, from sets of pixels instead of a confusion matrix: slow, and with no line in common with the library.
/// </summary>
internal sealed class BruteForceMetrics
{
    private readonly List<(byte[] Truth, byte[] Predicted)> _images;
    private readonly int[] _kept;

    public BruteForceMetrics(List<(byte[] Truth, byte[] Predicted)> images, int classCount, int[] ignored)
    {
        _images = images;
        _kept = [.. Enumerable.Range(0, classCount).Except(ignored)];
        PerClassIou = [.. Enumerable.Range(0, classCount).Select(k => Ratio(images.Sum(i => Hits(i, k)), images.Sum(i => Union(i, k))))];
        PerClassDice = [.. Enumerable.Range(0, classCount).Select(k =>
            Ratio(2 * images.Sum(i => Hits(i, k)), images.Sum(i => Labelled(i, k).Count + Predicted(i, k).Count)))];
        PerClassAccuracy = [.. Enumerable.Range(0, classCount).Select(k => Ratio(images.Sum(i => Hits(i, k)), images.Sum(i => Labelled(i, k).Count)))];
    }

    public double[] PerClassIou { get; }

    public double[] PerClassDice { get; }

    public double[] PerClassAccuracy { get; }

    public double MeanIou => MeanOfNumbers(_kept.Select(k => PerClassIou[k]));

    public double MeanDice => MeanOfNumbers(_kept.Select(k => PerClassDice[k]));

    public double MeanClassAccuracy => MeanOfNumbers(_kept.Select(k => PerClassAccuracy[k]));

    public double MeanImageIou =>
        MeanOfNumbers(_images.Select(i => MeanOfNumbers(_kept.Select(k => Ratio(Hits(i, k), Union(i, k))))));

    public double PixelAccuracy => Ratio(
        _images.Sum(i => i.Truth.Zip(i.Predicted).Count(p => p.First != 0 && p.First == p.Second)),
        _images.Sum(i => i.Truth.Count(t => t != 0)));

    public double FrequencyWeightedIou
    {
        get
        {
            // Every kept labelled pixel brings the IoU of its class.
            double[] ious = [.. _images.SelectMany(i => i.Truth).Where(t => t != 0 && _kept.Contains(t - 1)).Select(t => PerClassIou[t - 1])];
            return ious.Length == 0 ? double.NaN : ious.Average();
        }
    }

    private static HashSet<int> Labelled((byte[] Truth, byte[] Predicted) image, int k) =>
        [.. Enumerable.Range(0, image.Truth.Length).Where(p => image.Truth[p] == k + 1)];

    private static HashSet<int> Predicted((byte[] Truth, byte[] Predicted) image, int k) =>
        [.. Enumerable.Range(0, image.Truth.Length).Where(p => image.Predicted[p] == k + 1 && image.Truth[p] != 0)];

    private static int Hits((byte[] Truth, byte[] Predicted) image, int k) => Labelled(image, k).Intersect(Predicted(image, k)).Count();

    private static int Union((byte[] Truth, byte[] Predicted) image, int k) => Labelled(image, k).Union(Predicted(image, k)).Count();

    private static double Ratio(int numerator, int denominator) => denominator == 0 ? double.NaN : (double)numerator / denominator;

    private static double MeanOfNumbers(IEnumerable<double> values)
    {
        double[] numbers = [.. values.Where(v => !double.IsNaN(v))];
        return numbers.Length == 0 ? double.NaN : numbers.Average();
    }
}
