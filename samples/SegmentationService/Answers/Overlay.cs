using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using SkiaSharp;

namespace SegmentationService.Answers;

/// <summary>A picture under the colors of its mask.</summary>
internal static class Overlay
{
    /// <param name="image">The picture.</param>
    /// <param name="labels">Its mask in key values.</param>
    /// <param name="opacity">Of the mask, from 0 to 1.</param>
    public static byte[] Png(MLImage image, byte[] labels, double opacity)
    {
        byte[] pixels = image.Pixels.ToArray();
        bool isBgr = image.PixelFormat == MLPixelFormat.Bgra32;
        for (int i = 0; i < labels.Length; i++)
        {
            var (red, green, blue) = ClassPalette.Voc[MaskLabels.ToClass(labels[i])];
            Mix(ref pixels[4 * i], isBgr ? blue : red);
            Mix(ref pixels[4 * i + 1], green);
            Mix(ref pixels[4 * i + 2], isBgr ? red : blue);
        }
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, isBgr ? SKColorType.Bgra8888 : SKColorType.Rgba8888, SKAlphaType.Opaque));
        Marshal.Copy(pixels, 0, bitmap.GetPixels(), pixels.Length);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();

        void Mix(ref byte value, byte color) => value = (byte)Math.Round(value + (color - value) * opacity);
    }
}
