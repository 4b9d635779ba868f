namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// How training images are varied at random each time that they are seen, with their masks. What leaves the image becomes void. The seed of the
/// <see cref="MLContext"/> decides every draw.
/// </summary>
public sealed record Augmentation
{
    /// <summary>Images as they are.</summary>
    public static Augmentation None { get; } = new() { Mirror = false, MinimumCropArea = 1 };

    /// <summary>Half of the images are mirrored left to right. Switch it off where left and right differ, as in writing.</summary>
    public bool Mirror { get; init; } = true;

    /// <summary>
    /// The smallest share of an image's area that a random part covers, in (0, 1]; the part, of a shape up to 4/3 as wide or as tall as the image's,
    /// is resized to the network's size, so that objects seem up to 1 / sqrt(share) times as large. 1 takes whole images.
    /// </summary>
    public double MinimumCropArea { get; init; } = 0.25;

    /// <summary>The smallest factor by which objects are enlarged besides, such as 0.5, above 0; below 1 there are borders of void around the image.</summary>
    public double MinimumScale { get; init; } = 1;

    /// <summary>The largest such factor, such as 2; not below <see cref="MinimumScale"/>. Factors are uniform in their logarithm.</summary>
    public double MaximumScale { get; init; } = 1;

    /// <summary>The most degrees, up to 180, by which images are turned to either side.</summary>
    public double Rotation { get; init; }

    /// <summary>The most by which values are multiplied or divided, from 0 to below 1: 0.2 gives factors from 0.8 to 1.2.</summary>
    public double Brightness { get; init; }

    /// <summary>The same for the distance of values from the image's mean grey.</summary>
    public double Contrast { get; init; }

    /// <summary>The same for the distance of colors from their grey (<c>saturate</c> of the W3C's Filter Effects).</summary>
    public double Saturation { get; init; }

    /// <summary>The most degrees, up to 180, by which colors are turned around the grey axis (<c>hue-rotate</c> of the W3C's Filter Effects).</summary>
    public double Hue { get; init; }

    /// <summary>The largest standard deviation of a Gaussian blur, in pixels at the network's size, up to 10; the smallest is 0.</summary>
    public double Blur { get; init; }

    /// <summary>Says what is wrong with the values; null when nothing is.</summary>
    internal string? FindProblem()
    {
        if (MinimumCropArea is not (> 0 and <= 1))
            return $"{nameof(MinimumCropArea)} is {MinimumCropArea}; it must be above 0 and at most 1.";
        if (!(MinimumScale > 0 && MinimumScale <= MaximumScale && double.IsFinite(MaximumScale / MinimumScale)))
            return $"{nameof(MinimumScale)} is {MinimumScale} and {nameof(MaximumScale)} is {MaximumScale}; they must be above 0 and in this order.";
        return FindAbove(180, (nameof(Rotation), Rotation), (nameof(Hue), Hue))
            ?? FindAbove(10, (nameof(Blur), Blur))
            ?? FindAbove(Math.BitDecrement(1.0), (nameof(Brightness), Brightness), (nameof(Contrast), Contrast), (nameof(Saturation), Saturation));
    }

    private static string? FindAbove(double most, params (string Name, double Value)[] values)
    {
        (string name, double value) = values.FirstOrDefault(entry => !(entry.Value >= 0 && entry.Value <= most));
        return name is null ? null : $"{name} is {value}; it must be from 0 to {(most < 1 ? "below 1" : most)}.";
    }
}
