using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The packed red, green and blue bytes of an ML.NET image, whatever order it stores them in.</summary>
internal static class RgbPixels
{
    /// <summary>Copies an image to height x width x 3 bytes; alpha is dropped.</summary>
    public static byte[] From(MLImage image)
    {
        byte[] rgb = GC.AllocateUninitializedArray<byte>(LengthOf(image));
        Copy(image, rgb);
        return rgb;
    }

    /// <summary>How many bytes these are.</summary>
    public static int LengthOf(MLImage image) => image.Pixels.Length / 4 * 3;

    /// <summary>Copies them to where there is room for at least as many.</summary>
    public static void Copy(MLImage image, Span<byte> rgb)
    {
        ReadOnlySpan<byte> source = image.Pixels;
        bool bgr = image.PixelFormat == MLPixelFormat.Bgra32;
        int red = bgr ? 2 : 0, blue = bgr ? 0 : 2;
        for (int from = 0, to = 0; from < source.Length; from += 4, to += 3)
        {
            rgb[to] = source[from + red];
            rgb[to + 1] = source[from + 1];
            rgb[to + 2] = source[from + blue];
        }
    }
}
