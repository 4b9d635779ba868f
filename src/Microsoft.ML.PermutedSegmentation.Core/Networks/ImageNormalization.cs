using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>How images are normalised before a network reads them: (value - mean) / deviation, as torchvision's networks expect it.</summary>
public static class ImageNormalization
{
    private const int PixelsAtOnce = 64;

    private static readonly float[] Means = Repeat(Mean), Deviations = Repeat(Deviation);

    /// <summary>The means of red, green and blue, as values from 0 to 255.</summary>
    public static ReadOnlySpan<float> Mean => [0.485f * 255, 0.456f * 255, 0.406f * 255];

    /// <summary>The deviations of red, green and blue.</summary>
    public static ReadOnlySpan<float> Deviation => [0.229f * 255, 0.224f * 255, 0.225f * 255];

    /// <summary>Normalises pixels.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, 0 to 255; afterwards normalised.</param>
    public static void Apply(Span<float> rgb)
    {
        for (int start = 0; start < rgb.Length; start += Means.Length)
        {
            Span<float> part = rgb.Slice(start, Math.Min(Means.Length, rgb.Length - start));
            TensorPrimitives.Subtract(part, Means.AsSpan(0, part.Length), part);
            TensorPrimitives.Divide(part, Deviations.AsSpan(0, part.Length), part);
        }
    }

    private static float[] Repeat(ReadOnlySpan<float> color)
    {
        float[] values = new float[3 * PixelsAtOnce];
        for (int start = 0; start < values.Length; start += 3)
            color.CopyTo(values.AsSpan(start));
        return values;
    }
}
