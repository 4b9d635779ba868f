using System.Buffers.Binary;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Checks that an image file is whole. SkiaSharp, and with it ML.NET's LoadImages, decodes a truncated file without an
/// error, its missing part grey or transparent.
/// </summary>
public static class ImageFile
{
    private const int TailBlockBytes = 4096;

    /// <summary>
    /// Checks that a JPEG or PNG reaches its end marker; bytes after it do not matter. Nothing is decoded: a JPEG's
    /// segments up to the first scan and its end are read, and a PNG's chunk headers.
    /// </summary>
    /// <param name="path">The image file.</param>
    /// <returns>The size in pixels that the header states.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is truncated, or neither JPEG nor PNG.</exception>
    public static (int Height, int Width) CheckWhole(string path)
    {
        using var stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[PngHeader.Signature.Length];
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        if (start[..length].SequenceEqual(PngHeader.Signature))
            return CheckPng(stream, path);
        if (start[..length] is [0xFF, 0xD8, ..])
            return CheckJpeg(stream, path);
        throw new InvalidDataException($"'{path}' is neither a JPEG nor a PNG file.");
    }

    /// <summary>Same as <see cref="CheckWhole"/> for a mask, which must be a PNG.</summary>
    /// <returns>The size in pixels that the header states.</returns>
    /// <exception cref="InvalidDataException">The file is truncated, or not a PNG.</exception>
    internal static (int Height, int Width) CheckWholePng(string path)
    {
        using var stream = File.OpenRead(path);
        return CheckPng(stream, path);
    }

    private static (int Height, int Width) CheckPng(FileStream stream, string path)
    {
        var chunks = new PngChunkReader(stream, path);
        while (chunks.MoveNext())
            chunks.SkipContent();
        return (chunks.Header.Height, chunks.Header.Width);
    }

    // ITU-T T.81, annex B: SOI, segments with a length, among them the frame header (SOFn) with the size, then SOS.
    private static (int Height, int Width) CheckJpeg(FileStream stream, string path)
    {
        var size = (Height: 0, Width: 0);
        Span<byte> frame = stackalloc byte[5];
        stream.Position = 2;
        while (true)
        {
            int marker = ReadMarker(stream, path);
            int length = ReadUInt16(stream, path);
            long end = stream.Position - 2 + length;
            if (length < 2 || end > stream.Length)
                throw Truncated(path);
            // SOF0 to SOF15; C4, C8 and CC are other segments.
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) && length >= 7)
            {
                stream.ReadExactly(frame);
                size = (BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), BinaryPrimitives.ReadUInt16BigEndian(frame[3..]));
            }

            stream.Position = end;
            if (marker == 0xDA)
                break;
        }

        if (size.Height == 0 || size.Width == 0)
            throw new InvalidDataException($"'{path}' is not a usable JPEG: its header states no size.");
        if (!HasEndMarker(stream, stream.Position))
            throw Truncated(path);
        return size;
    }

    // Stray bytes before a marker are passed over, as libjpeg does.
    private static int ReadMarker(FileStream stream, string path)
    {
        int marker;
        do
        {
            while ((marker = stream.ReadByte()) is not (0xFF or -1))
                continue;
            while ((marker = stream.ReadByte()) == 0xFF)
                continue;
        }
        while (marker == 0);
        return marker > 0 ? marker : throw Truncated(path);
    }

    private static int ReadUInt16(FileStream stream, string path)
    {
        int high = stream.ReadByte(), low = stream.ReadByte();
        return low >= 0 ? high << 8 | low : throw Truncated(path);
    }

    // Within compressed data FF is followed by 00 or a restart marker, so FF D9 after the beginning of the first scan is
    // the end marker, while an earlier one may belong to a thumbnail. Searched from the back: usually the last two bytes.
    private static bool HasEndMarker(FileStream stream, long scanStart)
    {
        Span<byte> block = stackalloc byte[TailBlockBytes];
        for (long end = stream.Length; end - scanStart >= 2;)
        {
            long start = Math.Max(scanStart, end - block.Length);
            var part = block[..(int)(end - start)];
            stream.Position = start;
            stream.ReadExactly(part);
            if (part.LastIndexOf([(byte)0xFF, (byte)0xD9]) >= 0)
                return true;
            if (start == scanStart)
                return false;
            end = start + 1; // the marker may lie across two blocks
        }

        return false;
    }

    private static InvalidDataException Truncated(string path) =>
        new($"'{path}' is truncated: the file ends before the JPEG end marker (FF D9).");
}
