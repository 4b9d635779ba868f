namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The learning rate of SGDR (Loshchilov and Hutter, 2017, Eq. 5): within each period it falls along half a cosine from
/// <see cref="Maximum"/> to <see cref="Minimum"/>, then starts again. The paper restarts every 10 epochs (Sec. III-A).
/// </summary>
public sealed class CosineAnnealingWithWarmRestarts
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="maximum">Rate at the start of each period; positive.</param>
    /// <param name="minimum">Rate that each period approaches; from 0 to <paramref name="maximum"/>.</param>
    /// <param name="period">Length of a period in epochs; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public CosineAnnealingWithWarmRestarts(double maximum, double minimum, int period)
    {
        if (!(maximum > 0) || double.IsInfinity(maximum))
            throw new ArgumentOutOfRangeException(nameof(maximum), maximum, "The learning rate must be positive and finite.");
        if (!(minimum >= 0 && minimum <= maximum))
            throw new ArgumentOutOfRangeException(nameof(minimum), minimum, $"The minimum learning rate must be from 0 to the learning rate, {maximum}.");
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        (Maximum, Minimum, Period) = (maximum, minimum, period);
    }

    /// <summary>Rate at the start of each period.</summary>
    public double Maximum { get; }

    /// <summary>Rate that each period approaches.</summary>
    public double Minimum { get; }

    /// <summary>Length of a period in epochs.</summary>
    public int Period { get; }

    /// <summary>The learning rate at a point of the training.</summary>
    /// <param name="epoch">Epochs since the start, with their fraction: 2.5 is the middle of the third epoch.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epoch"/> is negative.</exception>
    public double At(double epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return Minimum + (Maximum - Minimum) * (1 + Math.Cos(Math.PI * (epoch % Period) / Period)) / 2;
    }
}
