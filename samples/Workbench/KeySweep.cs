namespace Workbench;

/// <summary>What one wrong key scored.</summary>
internal sealed record KeyScore(double MeanIntersectionOverUnion, double MeanImageIntersectionOverUnion);

/// <summary>How a number spreads over keys; the deviation is that of the sample (n - 1), 0 for one key.</summary>
internal sealed record Spread(double Mean, double StandardDeviation, double Minimum, double Maximum)
{
    public static Spread Of(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        var squares = values.Sum(value => (value - mean) * (value - mean));
        return new Spread(mean, Math.Sqrt(squares / Math.Max(values.Count - 1, 1)), values.Min(), values.Max());
    }
}

/// <summary>The scores of a model under many wrong keys: the paper's condition Incorrect.</summary>
internal sealed record KeySweep(IReadOnlyList<KeyScore> Keys)
{
    public Spread MeanIntersectionOverUnion => Spread.Of([.. Keys.Select(key => key.MeanIntersectionOverUnion)]);

    public Spread MeanImageIntersectionOverUnion => Spread.Of([.. Keys.Select(key => key.MeanImageIntersectionOverUnion)]);
}
