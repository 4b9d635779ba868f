namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>A sum of losses, and the sum of the pixels' weights, by which it is divided.</summary>
internal readonly record struct LossSum(double Loss, double Weight)
{
    /// <summary>Mean per pixel; not a number without pixels.</summary>
    public double Mean => Loss / Weight;

    public static LossSum operator +(LossSum left, LossSum right) => new(left.Loss + right.Loss, left.Weight + right.Weight);
}
