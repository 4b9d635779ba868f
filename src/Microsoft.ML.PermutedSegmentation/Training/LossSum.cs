namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>A sum of cross-entropies, in nats, and over how many pixels it goes.</summary>
internal readonly record struct LossSum(double Loss, double Pixels)
{
    /// <summary>Mean per pixel; not a number without pixels.</summary>
    public double Mean => Loss / Pixels;

    public static LossSum operator +(LossSum left, LossSum right) => new(left.Loss + right.Loss, left.Pixels + right.Pixels);
}
