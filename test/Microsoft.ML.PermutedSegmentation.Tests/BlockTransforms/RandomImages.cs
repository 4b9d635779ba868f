using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Images of noise, alpha too, whose every value an error would change.</summary>
internal static class RandomImages
{
    public static byte[] Pixels(int height, int width, int seed = 1)
    {
        byte[] pixels = new byte[4 * height * width];
        new Random(seed).NextBytes(pixels);
        return pixels;
    }

    public static MLImage Create(int height, int width, int seed = 1, MLPixelFormat format = MLPixelFormat.Rgba32)
        => MLImage.CreateFromPixels(width, height, format, Pixels(height, width, seed));
}
