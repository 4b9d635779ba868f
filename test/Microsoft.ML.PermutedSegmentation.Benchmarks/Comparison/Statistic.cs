namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>One number over all rounds.</summary>
internal sealed record Statistic(double Median, double Least, double Most)
{
    public static Statistic Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Statistic(median, sorted[0], sorted[^1]);
    }
}
