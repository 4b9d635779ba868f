using System.Buffers;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>
/// Images of ML.NET's own LoadImages, which come as their files store them, with colors multiplied by their transparency. Their Tag is the
/// file's name.
/// </summary>
internal static class LoadedImage
{
    /// <summary>The picture of the file that an image was loaded from, where the image is not it; null where it is.</summary>
    /// <param name="image">An image of any origin.</param>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, too large or of a kind that is not read; or the image was changed after ML.NET had loaded it wrongly.
    /// </exception>
    public static MLImage? ReadAgain(MLImage image)
    {
        if (string.IsNullOrEmpty(image.Tag) || !File.Exists(image.Tag) || !ImageFileHeader.IsJpegOrPng(image.Tag))
            return null;
        ImageFileHeader header = ImageFileHeader.Read(image.Tag);
        if (header.IsPlain || (RgbPixels.AreOpaque(image) && header.StoredOrientation == ExifOrientation.Upright))
            return null;
        if (!IsWhatWasStored(image, header))
            throw new InvalidDataException($"'{header.Path}' {Describe(header)}, and the image was changed after mlContext.Transforms.LoadImages had loaded it without regard to that. Load it with mlContext.Segmentation().Transforms.LoadImages.");
        return ImageFile.Load(header, ImageOrientation.Upright);
    }

    private static string Describe(ImageFileHeader header) => header.StoredOrientation == ExifOrientation.Upright
        ? "is transparent"
        : $"is stored turned (EXIF orientation {header.StoredOrientation})";

    private static bool IsWhatWasStored(MLImage image, ImageFileHeader header)
    {
        if (image.Height != header.StoredHeight || image.Width != header.StoredWidth)
            return false;
        ReadOnlySpan<byte> loaded = image.Pixels;
        byte[] stored = ArrayPool<byte>.Shared.Rent(loaded.Length);
        ImageFile.DecodeStored(
            header, image.PixelFormat == MLPixelFormat.Bgra32 ? SKColorType.Bgra8888 : SKColorType.Rgba8888, stored.AsSpan(0, loaded.Length));
        bool isSame = true;
        for (int i = 0; isSame && i < loaded.Length; i += 4)
        {
            int alpha = stored[i + 3];
            isSame = loaded[i + 3] == alpha && IsProduct(loaded[i], stored[i], alpha)
                && IsProduct(loaded[i + 1], stored[i + 1], alpha) && IsProduct(loaded[i + 2], stored[i + 2], alpha);
        }
        ArrayPool<byte>.Shared.Return(stored);
        return isSame;
    }

    // Whether a color was multiplied by its alpha, up to rounding.
    private static bool IsProduct(int product, int color, int alpha) => Math.Abs(product * 255 - color * alpha) <= 255;
}
