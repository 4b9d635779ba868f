namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// What a training makes small: the cross-entropy of each pixel's class probabilities, the Dice loss of each class, or both. Void pixels never
/// count. Trainings report this loss, in nats per pixel where it is a cross-entropy.
/// </summary>
/// <remarks>
/// With probabilities p, the true class t of a pixel and weights w of the classes, a pixel has the cross-entropy -w[t] log p[t], and the mean is
/// the sum over pixels divided by the sum of their w[t], as in PyTorch.
/// </remarks>
public sealed record SegmentationLoss
{
    /// <summary>The plain cross-entropy, which all pixels count in alike (paper, Sec. III-A).</summary>
    public static SegmentationLoss PlainCrossEntropy { get; } = new() { ClassBalance = 0 };

    /// <summary>Weight of the cross-entropy; 0 leaves it out.</summary>
    public double CrossEntropy { get; init; } = 1;

    /// <summary>
    /// Weight of the Dice loss (Milletari et al., "V-Net", 2016, without squares): 1 less the mean, over the classes that occur in the images that
    /// go through the network together, of 2 sum(p t) / (sum(p) + sum(t)), where t is 1 at pixels of the class and 0 elsewhere. 0 leaves it out.
    /// </summary>
    public double Dice { get; init; }

    /// <summary>
    /// How much rare classes count, from 0 to 1: a class that has the share s of the pixels of the training masks, those held out included, has the weight s to the power of minus this
    /// number, times a factor that makes the mean weight of a pixel 1. With 0 all pixels count alike, with 1 all classes. Not used with <see cref="ClassWeights"/>.
    /// </summary>
    public double ClassBalance { get; init; } = 0.5;

    /// <summary>
    /// The weight of each class in the cross-entropy, 0 or more and not all 0; null to take those of <see cref="ClassBalance"/>. An image counts
    /// by the sum of its pixels' weights, also in the Dice loss.
    /// </summary>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <summary>Share of the truth that is spread over all classes, from 0 to below 1 (Szegedy et al., 2016), in the cross-entropy.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The focal loss (Lin et al., 2017) multiplies a pixel's cross-entropy by (1 - p[t]) to the power of this number; 0 does not.</summary>
    public double FocalGamma { get; init; }

    /// <summary>Says what is wrong with the values; null when nothing is.</summary>
    internal string? FindProblem()
    {
        if (!IsWeight(CrossEntropy) || !IsWeight(Dice) || CrossEntropy + Dice <= 0)
            return $"{nameof(CrossEntropy)} is {CrossEntropy} and {nameof(Dice)} is {Dice}; both must be 0 or more, and one of them more than 0.";
        if (ClassBalance is not (>= 0 and <= 1))
            return $"{nameof(ClassBalance)} is {ClassBalance}; it must be from 0 to 1.";
        if (LabelSmoothing is not (>= 0 and < 1))
            return $"{nameof(LabelSmoothing)} is {LabelSmoothing}; it must be from 0 to below 1.";
        if (!IsWeight(FocalGamma))
            return $"{nameof(FocalGamma)} is {FocalGamma}; it must be 0 or more.";
        return ClassWeights is { } weights && (!weights.All(IsWeight) || !weights.Any(weight => weight > 0))
            ? $"{nameof(ClassWeights)} are {string.Join(", ", weights)}; they must be 0 or more, and not all 0."
            : null;
    }

    /// <summary>The weight of each class; null when all count alike.</summary>
    /// <param name="pixels">How many pixels of the training masks each class has.</param>
    internal double[]? WeightsOf(ReadOnlySpan<long> pixels)
    {
        if (ClassWeights is { } given)
            return [.. given];
        if (ClassBalance == 0)
            return null;
        double[] counts = [.. pixels.ToArray().Select(count => (double)count)];
        double all = counts.Sum();
        double[] weights = [.. counts.Select(count => count == 0 ? 0 : Math.Pow(count / all, -ClassBalance))];
        double mean = counts.Zip(weights, (count, weight) => count / all * weight).Sum(), rarest = weights.Max();
        // A class that never occurs in training may be in the validation rows.
        return [.. weights.Select(weight => (weight == 0 ? rarest : weight) / mean)];
    }

    private static bool IsWeight(double value) => value >= 0 && double.IsFinite(value);
}
