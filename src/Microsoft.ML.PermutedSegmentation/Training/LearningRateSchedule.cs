namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// The learning rate over a training: a linear rise over the first steps, and cosines as in SGDR (Loshchilov and Hutter, 2017, Eq. 5): within
/// each period the rate falls along half a cosine from <see cref="Maximum"/> to <see cref="Minimum"/>, then starts again. The paper restarts
/// every 10 epochs (Sec. III-A).
/// </summary>
/// <param name="Maximum">Rate at the start of each period; positive.</param>
/// <param name="Minimum">Rate that each period approaches; from 0 to the maximum.</param>
/// <param name="Period">Length of a period in epochs; at least 1.</param>
/// <param name="Warmup">Steps of the optimizer until the rate has risen; 0 to begin with the whole.</param>
internal sealed record LearningRateSchedule(double Maximum, double Minimum, int Period, int Warmup = 0)
{
    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">Steps before it.</param>
    /// <param name="stepsPerEpoch">Steps in an epoch.</param>
    public double At(long step, int stepsPerEpoch) =>
        After(step / (double)stepsPerEpoch) * (step < Warmup ? (step + 1.0) / Warmup : 1);

    /// <summary>The learning rate at a point of the training, without the rise.</summary>
    /// <param name="epoch">Epochs since the start, with their fraction: 2.5 is the middle of the third epoch. Not negative.</param>
    public double After(double epoch) => Minimum + (Maximum - Minimum) * (1 + Math.Cos(Math.PI * (epoch % Period) / Period)) / 2;
}
