namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// The learning rate of SGDR (Loshchilov and Hutter, 2017, Eq. 5): within each period it falls along half a cosine from
/// <see cref="Maximum"/> to <see cref="Minimum"/>, then starts again. The paper restarts every 10 epochs (Sec. III-A).
/// </summary>
/// <param name="Maximum">Rate at the start of each period; positive.</param>
/// <param name="Minimum">Rate that each period approaches; from 0 to the maximum.</param>
/// <param name="Period">Length of a period in epochs; at least 1.</param>
internal sealed record CosineAnnealingWithWarmRestarts(double Maximum, double Minimum, int Period)
{
    /// <summary>The learning rate at a point of the training.</summary>
    /// <param name="epoch">Epochs since the start, with their fraction: 2.5 is the middle of the third epoch. Not negative.</param>
    public double At(double epoch) => Minimum + (Maximum - Minimum) * (1 + Math.Cos(Math.PI * (epoch % Period) / Period)) / 2;
}
