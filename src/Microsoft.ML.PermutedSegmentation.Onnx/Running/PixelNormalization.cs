namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What a network gets for the pixel value v of a color, from 0 to 255: (v - mean) / deviation.</summary>
/// <param name="Mean">The means of red, green and blue, as values from 0 to 255.</param>
/// <param name="Deviation">The deviations of red, green and blue, above 0.</param>
public sealed record PixelNormalization(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation)
{
    /// <summary>As torchvision's networks expect it, and most that began with weights from ImageNet.</summary>
    public static PixelNormalization ImageNet { get; } = new([.. ImageNormalization.Mean], [.. ImageNormalization.Deviation]);

    /// <summary>From 0 to 1.</summary>
    public static PixelNormalization ZeroToOne { get; } = new([0, 0, 0], [255, 255, 255]);

    /// <summary>From -1 to 1.</summary>
    public static PixelNormalization MinusOneToOne { get; } = new([127.5f, 127.5f, 127.5f], [127.5f, 127.5f, 127.5f]);

    /// <summary>The values themselves: the network normalizes them.</summary>
    public static PixelNormalization None { get; } = new([0, 0, 0], [1, 1, 1]);

    /// <summary>The means of red, green and blue, as values from 0 to 255.</summary>
    public IReadOnlyList<float> Mean { get; } = Three(Mean, nameof(Mean));

    /// <summary>The deviations of red, green and blue, above 0.</summary>
    public IReadOnlyList<float> Deviation { get; } = Three(Deviation, nameof(Deviation)).All(value => value > 0)
        ? [.. Deviation] : throw new ArgumentOutOfRangeException(nameof(Deviation), $"The deviations are {string.Join(", ", Deviation)}; each must be above 0.");

    private static IReadOnlyList<float> Three(IReadOnlyList<float> values, string name)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        return values.Count == 3 && values.All(float.IsFinite) ? [.. values] : throw new ArgumentException("Three finite numbers are needed, for red, green and blue.", name);
    }
}
