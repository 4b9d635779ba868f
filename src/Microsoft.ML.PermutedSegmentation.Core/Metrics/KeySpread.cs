namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How a metric spreads over wrong keys.</summary>
/// <param name="Mean">The mean over the keys: what the paper reports (Table I, Incorrect).</param>
/// <param name="StandardDeviation">That of a sample, with n - 1; 0 for a single key.</param>
/// <param name="Minimum">The smallest value.</param>
/// <param name="Maximum">The largest value: what the luckiest of these keys gave.</param>
public sealed record KeySpread(double Mean, double StandardDeviation, double Minimum, double Maximum)
{
    /// <summary>The spread of some values.</summary>
    /// <param name="values">One value for each key, at least one.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static KeySpread Of(IReadOnlyCollection<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0)
            throw new ArgumentException("There are no values to take the spread of.", nameof(values));
        double mean = values.Average();
        double squares = values.Sum(value => (value - mean) * (value - mean));
        return new KeySpread(mean, Math.Sqrt(squares / Math.Max(values.Count - 1, 1)), values.Min(), values.Max());
    }
}
