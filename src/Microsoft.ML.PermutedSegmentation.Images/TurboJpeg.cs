using System.Buffers;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>
/// libjpeg-turbo where the system has it (Debian's package libturbojpeg0). SkiaSharp decodes with the same library but has it built without its SIMD code, so
/// that it takes up to twice as long; the pixels are the same. What this does not decode without a warning, SkiaSharp is to try, and to refuse.
/// </summary>
internal static unsafe class TurboJpeg
{
    // Larger pictures are decoded into the image itself, so that they are in memory once; uploads, of which many come at a time, already if they are smaller.
    private const int MostPixels = 1 << 24, MostPixelsInMemory = 1 << 22, MostBytes = 1 << 26;

    // TJPF_RGBA, TJPF_BGRA and TJFLAG_STOPONWARNING of turbojpeg.h.
    private const int Rgba = 7, Bgra = 8, StopOnWarning = 8192;

    // Each scan of a progressive file goes through the whole picture, and may have a few bytes. SkiaSharp refuses as many.
    private const int MostScans = 99;

    private static readonly delegate* unmanaged<nint> Init;
    private static readonly delegate* unmanaged<nint, byte*, nuint, int*, int*, int*, int*, int> ReadHeader;
    private static readonly delegate* unmanaged<nint, byte*, nuint, byte*, int, int, int, int, int, int> Decompress;
    private static readonly delegate* unmanaged<nint, int> Destroy;

    static TurboJpeg()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libturbojpeg.so.0", out nint library)
            || !NativeLibrary.TryGetExport(library, "tjInitDecompress", out nint init) || !NativeLibrary.TryGetExport(library, "tjDecompressHeader3", out nint readHeader)
            || !NativeLibrary.TryGetExport(library, "tjDecompress2", out nint decompress) || !NativeLibrary.TryGetExport(library, "tjDestroy", out nint destroy))
            return;
        Init = (delegate* unmanaged<nint>)init;
        ReadHeader = (delegate* unmanaged<nint, byte*, nuint, int*, int*, int*, int*, int>)readHeader;
        Decompress = (delegate* unmanaged<nint, byte*, nuint, byte*, int, int, int, int, int, int>)decompress;
        Destroy = (delegate* unmanaged<nint, int>)destroy;
    }

    /// <summary>Whether it can decode a file.</summary>
    public static bool Suits(ImageFileHeader header) =>
        Destroy != null && header.IsJpeg && (long)header.StoredHeight * header.StoredWidth <= (header.Content is null ? MostPixels : MostPixelsInMemory);

    /// <summary>The pixels as stored; false: it could not decode them, and they hold anything.</summary>
    /// <param name="header">A file that suits.</param>
    /// <param name="type">Rgba8888 or Bgra8888.</param>
    /// <param name="pixels">Height x width x 4 bytes; alpha becomes 255.</param>
    public static bool Decode(ImageFileHeader header, SKColorType type, Span<byte> pixels)
    {
        if (header.Content is { } content)
            return Decode(content, header, type, pixels);
        using FileStream stream = ImageFileHeader.Open(header.Path);
        long length = stream.Length;
        if (length > MostBytes)
            return false;
        byte[] file = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            int read = stream.ReadAtLeast(file.AsSpan(0, (int)length), (int)length, throwOnEndOfStream: false);
            return Decode(file.AsSpan(0, read), header, type, pixels);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(file);
        }
    }

    private static bool Decode(ReadOnlySpan<byte> file, ImageFileHeader header, SKColorType type, Span<byte> pixels)
    {
        if (file.Count([(byte)0xFF, (byte)0xDA]) > MostScans)
            return false;
        nint decoder = Init();
        if (decoder == 0)
            return false;
        try
        {
            int width, height, subsampling, colors;
            fixed (byte* from = file, to = pixels)
            {
                return ReadHeader(decoder, from, (nuint)file.Length, &width, &height, &subsampling, &colors) == 0
                    && (height, width) == (header.StoredHeight, header.StoredWidth)
                    && Decompress(decoder, from, (nuint)file.Length, to, width, 4 * width, height, type == SKColorType.Rgba8888 ? Rgba : Bgra, StopOnWarning) == 0;
            }
        }
        finally
        {
            _ = Destroy(decoder);
        }
    }
}
