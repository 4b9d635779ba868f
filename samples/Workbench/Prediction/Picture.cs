using System.Runtime.InteropServices;
using Microsoft.ML.PermutedSegmentation;
using SkiaSharp;

namespace Workbench.Prediction;

/// <summary>A picture in memory, once: it may be very large.</summary>
/// <param name="Rgba">Red, green, blue and 255 of each pixel, row by row.</param>
/// <param name="Height">The number of rows.</param>
/// <param name="Width">The length of a row.</param>
internal sealed record Picture(byte[] Rgba, int Height, int Width)
{
    /// <summary>Reads an image file.</summary>
    /// <exception cref="InvalidDataException">It cannot be decoded.</exception>
    public static Picture Read(string path, ImageOrientation orientation)
    {
        var (rgba, height, width) = ImageFile.ReadRgba(path, orientation);
        return new Picture(rgba, height, width);
    }

    /// <summary>Mixes each pixel with the color of its class, half and half.</summary>
    /// <param name="labels">As many, 0 for void and k + 1 for class k.</param>
    public void Overlay(ReadOnlySpan<byte> labels)
    {
        static byte Half(byte a, byte b) => (byte)((a + b) / 2);

        for (var i = 0; i < labels.Length; i++)
        {
            var pixel = Rgba.AsSpan(4 * i, 4);
            var (red, green, blue) = ClassPalette.Voc[MaskLabels.ToClass(labels[i])];
            (pixel[0], pixel[1], pixel[2], pixel[3]) = (Half(pixel[0], red), Half(pixel[1], green), Half(pixel[2], blue), 255);
        }
    }

    /// <summary>Writes a PNG file.</summary>
    /// <exception cref="IOException">It cannot be written to the end.</exception>
    public void Save(string path)
    {
        var pinned = GCHandle.Alloc(Rgba, GCHandleType.Pinned);
        try
        {
            using var pixels = new SKPixmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque), pinned.AddrOfPinnedObject());
            // Skia's own stream: an exception out of one of .NET's would have to pass through native code.
            using var file = SKFileWStream.OpenStream(path) is SKFileWStream { IsValid: true } opened ? opened : throw new IOException($"'{path}' cannot be written.");
            var isEncoded = pixels.Encode(file, SKPngEncoderOptions.Default);
            var length = file.BytesWritten;
            file.Dispose();
            if (!isEncoded || new FileInfo(path).Length != length)
                throw new IOException($"'{path}' cannot be written to its end; is the disk full?");
        }
        finally
        {
            pinned.Free();
        }
    }
}
