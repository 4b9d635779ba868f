using System.Buffers.Binary;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>JPEG files as images (ITU-T T.81, annex B): what is read of them, and whether they are whole.</summary>
internal static class JpegImageHeader
{
    private const int TailBlockBytes = 4096;
    private const int App1 = 0xE1, StartOfScan = 0xDA;

    private static ReadOnlySpan<byte> ExifName => "Exif\0\0"u8;

    /// <summary>Reads the segments up to the first scan and looks for the end marker; bytes after it do not matter.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or not 8 bits of grey or YCbCr, sequential or progressive.</exception>
    public static ImageFileHeader Read(Stream stream, string path)
    {
        (int Height, int Width, long Blocks) frame = default;
        int orientation = ExifOrientation.Upright;
        bool hasExif = false;
        stream.Position = 2;
        while (true)
        {
            int marker = ReadMarker(stream, path);
            int length = ReadUInt16(stream, path) - 2;
            if (length < 0 || length > stream.Length - stream.Position)
                throw Truncated(path);
            byte[] segment = new byte[length];
            stream.ReadExactly(segment);
            // SOF0 to SOF15; C4, C8 and CC are other segments.
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
                frame = ReadFrame(marker, segment, path);
            else if (marker == App1 && !hasExif && segment.AsSpan().StartsWith(ExifName))
                (hasExif, orientation) = (true, ExifOrientation.Read(segment.AsSpan(ExifName.Length)));
            else if (marker == StartOfScan)
                break;
        }
        if (frame.Blocks == 0)
            throw new InvalidDataException($"'{path}' is not a usable JPEG: its header states no size.");
        CheckScans(stream, path, frame);
        return new ImageFileHeader(path, frame.Height, frame.Width, orientation, HasTransparency: false) { IsJpeg = true };
    }

    // Precision, height, width, and identifier, sampling factors and table of each component.
    private static (int Height, int Width, long Blocks) ReadFrame(int marker, ReadOnlySpan<byte> frame, string path)
    {
        if (frame.Length < 6 || frame.Length < 6 + 3 * frame[5])
            throw Bad(path, "its frame header is damaged");
        int height = BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(frame[3..]), components = frame[5];
        if (marker > 0xC2)
            throw Bad(path, "it is lossless, hierarchical or arithmetic-coded; save it as an ordinary JPEG");
        if (frame[0] != 8)
            throw Bad(path, $"it has {frame[0]} bits a sample; save it with 8");
        if (components is not (1 or 3))
            throw Bad(path, $"it has {components} color components{(components == 4 ? ", CMYK or YCCK" : "")}; save it as RGB or grey");
        if (height == 0 || width == 0)
            throw Bad(path, "its header states no size");
        ImageFileHeader.CheckSize(path, height, width);

        int mostAcross = 1, mostDown = 1;
        for (int c = 0; c < components; c++)
            (mostAcross, mostDown) = (Math.Max(mostAcross, frame[7 + 3 * c] >> 4), Math.Max(mostDown, frame[7 + 3 * c] & 15));
        long blocks = 0;
        for (int c = 0; c < components; c++)
            blocks += Blocks(width, frame[7 + 3 * c] >> 4, mostAcross) * Blocks(height, frame[7 + 3 * c] & 15, mostDown);
        return (height, width, Math.Max(1, blocks));
    }

    // Blocks of 8 samples in a direction that has as many samples as pixels times factor / most.
    private static long Blocks(int pixels, int factor, int most) => ((long)pixels * factor + 8L * most - 1) / (8L * most);

    // The decoder fills what is missing with grey and says nothing.
    private static void CheckScans(Stream stream, string path, (int Height, int Width, long Blocks) frame)
    {
        // Each block has a Huffman code of at least one bit.
        if ((stream.Length - stream.Position) * 8 < frame.Blocks)
            throw Bad(path, $"it is truncated: {stream.Length} bytes cannot hold {frame.Width} x {frame.Height} pixels");
        if (!HasEndMarker(stream, stream.Position))
            throw Truncated(path);
    }

    // Stray bytes before a marker are passed over, as libjpeg does.
    private static int ReadMarker(Stream stream, string path)
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

    private static int ReadUInt16(Stream stream, string path)
    {
        int high = stream.ReadByte(), low = stream.ReadByte();
        return low >= 0 ? high << 8 | low : throw Truncated(path);
    }

    // Within compressed data FF is followed by 00 or a restart marker, so FF D9 after the beginning of the first scan is
    // the end marker, while an earlier one may belong to a thumbnail. Searched from the back: usually the last two bytes.
    private static bool HasEndMarker(Stream stream, long scanStart)
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

    private static InvalidDataException Bad(string path, string reason) => new($"'{path}' is not a usable JPEG: {reason}.");

    private static InvalidDataException Truncated(string path) =>
        new($"'{path}' is truncated: the file ends before the JPEG end marker (FF D9).");
}
