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
    // Larger pictures are decoded into the image itself, so that they are in memory once.
    private const int MostPixels = 1 << 24, MostBytes = 1 << 26;

    // TJPF_RGBA, TJPF_BGRA and TJFLAG_STOPONWARNING of turbojpeg.h.
    private const int Rgba = 7, Bgra = 8, StopOnWarning = 8192;

    private static readonly nint Library = OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libturbojpeg.so.0", out nint library) ? library : 0;

    /// <summary>Whether it can decode a file.</summary>
    public static bool Suits(ImageFileHeader header) => Library != 0 && header.IsJpeg && (long)header.StoredHeight * header.StoredWidth <= MostPixels;

    /// <summary>The pixels as stored; false: it could not decode them, and they hold anything.</summary>
    /// <param name="header">A file that suits.</param>
    /// <param name="type">Rgba8888 or Bgra8888.</param>
    /// <param name="pixels">Height x width x 4 bytes; alpha becomes 255.</param>
    public static bool Decode(ImageFileHeader header, SKColorType type, Span<byte> pixels)
    {
        if (header.Content is { } content)
            return Decode(content, header, type, pixels);
        using FileStream stream = ImageFileHeader.Open(header.Path);
        if (stream.Length > MostBytes)
            return false;
        byte[] file = ArrayPool<byte>.Shared.Rent((int)stream.Length);
        try
        {
            return Decode(file.AsSpan(0, stream.ReadAtLeast(file, (int)stream.Length, throwOnEndOfStream: false)), header, type, pixels);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(file);
        }
    }

    private static bool Decode(ReadOnlySpan<byte> file, ImageFileHeader header, SKColorType type, Span<byte> pixels)
    {
        nint decoder = ((delegate* unmanaged<nint>)Function("tjInitDecompress"))();
        if (decoder == 0)
            return false;
        try
        {
            int width, height, subsampling, colors;
            fixed (byte* from = file, to = pixels)
            {
                return ((delegate* unmanaged<nint, byte*, nuint, int*, int*, int*, int*, int>)Function("tjDecompressHeader3"))(
                    decoder, from, (nuint)file.Length, &width, &height, &subsampling, &colors) == 0
                    && (height, width) == (header.StoredHeight, header.StoredWidth)
                    && ((delegate* unmanaged<nint, byte*, nuint, byte*, int, int, int, int, int, int>)Function("tjDecompress2"))(
                        decoder, from, (nuint)file.Length, to, width, 4 * width, height, type == SKColorType.Rgba8888 ? Rgba : Bgra, StopOnWarning) == 0;
            }
        }
        finally
        {
            ((delegate* unmanaged<nint, int>)Function("tjDestroy"))(decoder);
        }
    }

    private static nint Function(string name) => NativeLibrary.GetExport(Library, name);
}
