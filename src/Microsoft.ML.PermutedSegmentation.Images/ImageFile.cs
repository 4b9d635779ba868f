using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Reads pictures from JPEG and PNG files as the networks of this library see them: upright, with the colors that transparent pixels
/// have, and never partially. SkiaSharp, and with it ML.NET's LoadImages, decodes a truncated file without an error, leaves it
/// turned as it is stored, and multiplies colors by their transparency.
/// </summary>
/// <remarks>docs/pictures.md says which kinds of files are read, and how. At most 268,435,456 pixels are read, and 65,535 per side.</remarks>
public static class ImageFile
{
    private const int BytesPerPixel = 4;

    /// <summary>
    /// Checks that a JPEG or PNG is whole and of a kind that is read; bytes after its end do not matter. Nothing is decoded: a JPEG's
    /// segments up to the first scan and its end are read, and a PNG's chunks.
    /// </summary>
    /// <param name="path">The image file.</param>
    /// <param name="orientation">How it would be read.</param>
    /// <returns>The size in pixels that it would have.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is truncated, too large, or of a kind that is not read; the message names it.</exception>
    public static (int Height, int Width) CheckWhole(string path, ImageOrientation orientation = ImageOrientation.Upright)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ImageFileHeader.Read(path).SizeOf(orientation);
    }

    /// <summary>Reads a picture.</summary>
    /// <param name="path">The image file.</param>
    /// <param name="orientation">How to read it.</param>
    /// <returns>The picture, opaque, for ML.NET and for <c>OnnxSegmenter</c>; the caller disposes it.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, too large, or of a kind that is not read; the message names it.</exception>
    public static MLImage Load(string path, ImageOrientation orientation = ImageOrientation.Upright)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Load(ImageFileHeader.Read(path), orientation);
    }

    /// <summary>Checks a file in memory, such as one that was uploaded, as <see cref="CheckWhole(string, ImageOrientation)"/> does.</summary>
    /// <param name="content">The bytes of a JPEG or PNG file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="orientation">How it would be read.</param>
    /// <returns>The size in pixels that it would have: compare it with what you can take before <see cref="Load(byte[], string, ImageOrientation)"/>, since few bytes can hold many pixels.</returns>
    /// <exception cref="InvalidDataException">The file is truncated, too large, or of a kind that is not read; the message says so.</exception>
    public static (int Height, int Width) CheckWhole(byte[] content, string name, ImageOrientation orientation = ImageOrientation.Upright)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return ImageFileHeader.Read(content, name).SizeOf(orientation);
    }

    /// <summary>Reads a picture from a file in memory.</summary>
    /// <param name="content">The bytes of a JPEG or PNG file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="orientation">How to read it.</param>
    /// <returns>The picture, opaque; the caller disposes it.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, too large, or of a kind that is not read; the message says so.</exception>
    public static MLImage Load(byte[] content, string name, ImageOrientation orientation = ImageOrientation.Upright)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Load(ImageFileHeader.Read(content, name), orientation);
    }

    /// <summary>Reads the pixels of a picture, for programs that change or show it.</summary>
    /// <param name="path">The image file.</param>
    /// <param name="orientation">How to read it.</param>
    /// <returns>Red, green, blue and 255 of each pixel, row by row: height x width x 4 bytes.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, too large, or of a kind that is not read; the message names it.</exception>
    public static (byte[] Rgba, int Height, int Width) ReadRgba(string path, ImageOrientation orientation = ImageOrientation.Upright)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ImageFileHeader header = ImageFileHeader.Read(path);
        (int height, int width) = header.SizeOf(orientation);
        byte[] rgba = GC.AllocateUninitializedArray<byte>(height * width * BytesPerPixel);
        Decode(header, orientation, SKColorType.Rgba8888, rgba);
        return (rgba, height, width);
    }

    /// <summary>Reads a picture whose header was checked.</summary>
    internal static MLImage Load(ImageFileHeader header, ImageOrientation orientation)
    {
        if (!header.IsTurned(orientation) && !header.HasTransparency && !TurboJpeg.Suits(header))
            return LoadPlain(header);
        (int height, int width) = header.SizeOf(orientation);
        byte[] pixels = ArrayPool<byte>.Shared.Rent(height * width * BytesPerPixel);
        Span<byte> bgra = pixels.AsSpan(0, height * width * BytesPerPixel);
        Decode(header, orientation, SKColorType.Bgra8888, bgra);
        MLImage image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, bgra); // in ML.NET's own order
        ArrayPool<byte>.Shared.Return(pixels);
        return image;
    }

    /// <summary>Checks a mask, which must be a PNG, as <see cref="CheckWhole(string, ImageOrientation)"/> does.</summary>
    /// <returns>The size in pixels as stored.</returns>
    internal static (int Height, int Width) CheckWholePng(string path)
    {
        using FileStream stream = ImageFileHeader.Open(path);
        return PngImageHeader.Read(stream, path).SizeOf(ImageOrientation.AsStored);
    }

    // ML.NET decodes into the new image itself: a large picture is in memory once.
    private static MLImage LoadPlain(ImageFileHeader header)
    {
        MLImage image;
        try
        {
            image = Create(header);
        }
        catch (ArgumentException exception)
        {
            throw Damaged(header, exception);
        }
        // What could not be decoded is left transparent.
        if (RgbPixels.HasStraightColors(image))
            return image;
        image.Dispose();
        throw Damaged(header);
    }

    private static MLImage Create(ImageFileHeader header)
    {
        if (header.Content is null)
            return MLImage.CreateFromFile(header.Path);
        using var stream = new MemoryStream(header.Content, writable: false);
        return MLImage.CreateFromStream(stream);
    }

    private static void Decode(ImageFileHeader header, ImageOrientation orientation, SKColorType type, Span<byte> pixels)
    {
        if (!header.IsTurned(orientation))
        {
            DecodeFastest(header, type, pixels);
        }
        else
        {
            byte[] stored = ArrayPool<byte>.Shared.Rent(pixels.Length);
            DecodeFastest(header, type, stored.AsSpan(0, pixels.Length));
            ExifOrientation.Turn(
                header.StoredOrientation, MemoryMarshal.Cast<byte, uint>(stored.AsSpan(0, pixels.Length)), header.StoredHeight, header.StoredWidth,
                MemoryMarshal.Cast<byte, uint>(pixels));
            ArrayPool<byte>.Shared.Return(stored);
        }
        if (header.HasTransparency)
            MakeOpaque(pixels);
    }

    private static void DecodeFastest(ImageFileHeader header, SKColorType type, Span<byte> pixels)
    {
        if (!TurboJpeg.Suits(header) || !TurboJpeg.Decode(header, type, pixels))
            DecodeStored(header, type, pixels);
    }

    /// <summary>The pixels as stored, colors not multiplied by their transparency, by SkiaSharp, with which ML.NET decodes.</summary>
    internal static unsafe void DecodeStored(ImageFileHeader header, SKColorType type, Span<byte> pixels)
    {
        using SKData? content = header.Content is null ? null : SKData.CreateCopy(header.Content);
        using SKCodec? codec = content is null ? SKCodec.Create(header.Path) : SKCodec.Create(content);
        var info = new SKImageInfo(header.StoredWidth, header.StoredHeight, type, header.HasTransparency ? SKAlphaType.Unpremul : SKAlphaType.Opaque);
        SKCodecResult result = SKCodecResult.InvalidInput;
        fixed (byte* target = pixels)
        {
            if (codec is not null && codec.Info.Width == info.Width && codec.Info.Height == info.Height)
                result = codec.GetPixels(info, (nint)target);
        }
        if (result != SKCodecResult.Success)
            throw Damaged(header);
    }

    // Pillow's convert("RGB") and torchvision drop alpha, too.
    private static void MakeOpaque(Span<byte> pixels)
    {
        for (int i = BytesPerPixel - 1; i < pixels.Length; i += BytesPerPixel)
            pixels[i] = byte.MaxValue;
    }

    private static InvalidDataException Damaged(ImageFileHeader header, Exception? inner = null) =>
        new($"'{header.Path}' is damaged: its image data cannot be decoded.", inner);
}
