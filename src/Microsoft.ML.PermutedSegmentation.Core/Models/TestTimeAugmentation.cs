using System.Collections.ObjectModel;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Scores an image several times, mirrored or at other scales, and takes the mean of the class <b>probabilities</b> of each pixel: better labels,
/// for as many times the work. Instances do not change.
/// </summary>
public sealed class TestTimeAugmentation
{
    /// <summary>The smallest scale.</summary>
    public const double SmallestScale = 0.25;

    /// <summary>The largest scale.</summary>
    public const double LargestScale = 4;

    /// <summary>The most scales.</summary>
    public const int MostScales = 8;

    /// <summary>Describes how often an image is scored.</summary>
    /// <param name="flip">Whether it is also scored mirrored left to right, at each scale.</param>
    /// <param name="scales">The factors, different ones, by which its sides are multiplied; null: 1 alone.</param>
    /// <exception cref="ArgumentException">There is no scale, there are more than <see cref="MostScales"/>, or one is there twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A scale is not between <see cref="SmallestScale"/> and <see cref="LargestScale"/>.</exception>
    public TestTimeAugmentation(bool flip = false, IEnumerable<double>? scales = null)
    {
        double[] all = [.. scales ?? [1]];
        if (all.Length is < 1 or > MostScales || all.Distinct().Count() < all.Length)
            throw new ArgumentException($"1 to {MostScales} different scales are possible, not {string.Join(", ", all)}.", nameof(scales));
        foreach (double scale in all)
        {
            if (scale is not (>= SmallestScale and <= LargestScale))
                throw new ArgumentOutOfRangeException(nameof(scales), scale, $"A scale must be between {SmallestScale} and {LargestScale}.");
        }
        (Flip, Scales) = (flip, Array.AsReadOnly(all));
    }

    /// <summary>Each image is scored once, as it is.</summary>
    public static TestTimeAugmentation None { get; } = new();

    /// <summary>Whether the image is also scored mirrored left to right.</summary>
    public bool Flip { get; }

    /// <summary>The factors by which the sides of the image are multiplied.</summary>
    public ReadOnlyCollection<double> Scales { get; }

    /// <summary>Whether it changes nothing.</summary>
    public bool IsNone => this is { Flip: false, Scales: [1] };
}
