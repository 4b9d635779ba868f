using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>The packed red, green and blue bytes of an ML.NET image, whatever order it stores them in.</summary>
public static class RgbPixels
{
    private const uint Alpha = 0xFF000000;

    /// <summary>The pixels of an image, valid until it is disposed.</summary>
    public static PixelSpan Of(MLImage image) => new(image.Pixels, image.Height, image.Width, bytesPerPixel: 4, image.PixelFormat == MLPixelFormat.Bgra32);

    /// <summary>Copies an image to height x width x 3 bytes; alpha is dropped.</summary>
    public static byte[] From(MLImage image)
    {
        ReadOnlySpan<byte> source = image.Pixels;
        byte[] rgb = GC.AllocateUninitializedArray<byte>(source.Length / 4 * 3);
        bool bgr = image.PixelFormat == MLPixelFormat.Bgra32;
        (int red, int blue) = bgr ? (2, 0) : (0, 2);
        Vector128<byte> order = bgr
            ? Vector128.Create((byte)2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 255, 255, 255, 255)
            : Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);
        int from = 0, to = 0;
        // Four pixels at once; what is written beyond their twelve bytes is overwritten by the next ones.
        for (; to + Vector128<byte>.Count <= rgb.Length; from += 16, to += 12)
            Vector128.Shuffle(Vector128.Create(source[from..]), order).CopyTo(rgb.AsSpan(to));
        for (; from < source.Length; from += 4, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (source[from + red], source[from + 1], source[from + blue]);
        return rgb;
    }

    /// <summary>
    /// Whether an image is opaque, or its colors are certainly not multiplied by their transparency, as SkiaSharp and ML.NET's
    /// LoadImages do: a product is never larger than its alpha.
    /// </summary>
    public static bool HasStraightColors(MLImage image)
    {
        if (AreOpaque(image))
            return true;
        foreach (uint pixel in MemoryMarshal.Cast<byte, uint>(image.Pixels))
        {
            uint alpha = pixel >> 24;
            if ((pixel & 255) > alpha || (pixel >> 8 & 255) > alpha || (pixel >> 16 & 255) > alpha)
                return true;
        }
        return false;
    }

    /// <summary>Refuses an image whose colors may not be its own.</summary>
    /// <param name="image">One of some images.</param>
    /// <param name="index">Which one.</param>
    /// <param name="parameter">The argument that they came by.</param>
    /// <exception cref="ArgumentNullException">There is no image.</exception>
    /// <exception cref="ArgumentException">Its colors are multiplied by their transparency.</exception>
    public static MLImage RequireStraightColors(MLImage? image, int index, string parameter)
    {
        if (image is null)
            throw new ArgumentNullException(parameter, $"Image {index} is null.");
        return HasStraightColors(image)
            ? image
            : throw new ArgumentException($"Image {index} is transparent or incomplete, and its colors are multiplied by their transparency. Read it with ImageFile.Load, which keeps colors as they are, or make it opaque.", parameter);
    }

    /// <summary>Whether no pixel is transparent.</summary>
    public static bool AreOpaque(MLImage image)
    {
        ReadOnlySpan<uint> pixels = MemoryMarshal.Cast<byte, uint>(image.Pixels);
        ReadOnlySpan<Vector<uint>> vectors = MemoryMarshal.Cast<uint, Vector<uint>>(pixels);
        Vector<uint> all = Vector<uint>.AllBitsSet;
        foreach (Vector<uint> vector in vectors)
            all &= vector;
        uint rest = uint.MaxValue;
        foreach (uint pixel in pixels[(vectors.Length * Vector<uint>.Count)..])
            rest &= pixel;
        return Vector.EqualsAll(all & new Vector<uint>(Alpha), new Vector<uint>(Alpha)) && (rest & Alpha) == Alpha;
    }
}
