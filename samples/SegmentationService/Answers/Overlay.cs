using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using SkiaSharp;

namespace SegmentationService.Answers;

/// <summary>A picture under the colors of its mask.</summary>
internal static class Overlay
{
    private const int One = 1 << 16;

    // A large picture takes a tenth of the time of the best compression, and a third more bytes.
    private static readonly SKPngEncoderOptions Fast = new(SKPngEncoderFilterFlags.Sub, zLibLevel: 1);

    /// <param name="image">The picture.</param>
    /// <param name="labels">Its mask in key values.</param>
    /// <param name="opacity">Of the mask, from 0 to 1.</param>
    public static byte[] Png(MLImage image, byte[] labels, double opacity)
    {
        bool isBgr = image.PixelFormat == MLPixelFormat.Bgra32;
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, isBgr ? SKColorType.Bgra8888 : SKColorType.Rgba8888, SKAlphaType.Opaque));
        Mix(image.Pixels, MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(bitmap.GetPixelSpan()), image.Pixels.Length), labels, ColorsOf(isBgr), (int)Math.Round(opacity * One));
        using var pixels = bitmap.PeekPixels();
        using var data = pixels.Encode(Fast);
        return data.ToArray();
    }

    private static void Mix(ReadOnlySpan<byte> image, Span<byte> result, byte[] labels, byte[] colors, int opacity)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                int value = image[4 * i + channel];
                result[4 * i + channel] = (byte)((value * One + (colors[4 * labels[i] + channel] - value) * opacity + One / 2) >> 16);
            }
            result[4 * i + 3] = byte.MaxValue;
        }
    }

    // By key value, in the order of the image's bytes.
    private static byte[] ColorsOf(bool isBgr)
    {
        byte[] colors = new byte[4 * (byte.MaxValue + 1)];
        for (int keyValue = 0; keyValue <= byte.MaxValue; keyValue++)
        {
            var (red, green, blue) = ClassPalette.Voc[MaskLabels.ToClass((byte)keyValue)];
            (colors[4 * keyValue], colors[4 * keyValue + 1], colors[4 * keyValue + 2]) = isBgr ? (blue, green, red) : (red, green, blue);
        }
        return colors;
    }
}
