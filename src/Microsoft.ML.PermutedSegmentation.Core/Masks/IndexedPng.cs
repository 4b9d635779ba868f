using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>
/// Masks as PNG files whose samples are class indices: indexed or grey. Read here and not by SkiaSharp or MLImage,
/// since those turn indices into the palette's colors and the indices are lost.
/// </summary>
internal static class IndexedPng
{
    /// <summary>Reads the size from the header; the rest of the file is not looked at.</summary>
    /// <exception cref="InvalidDataException">Not a PNG, or its header is damaged.</exception>
    public static (int Height, int Width) ReadSize(string path)
    {
        using var stream = ImageFileHeader.Open(path);
        var header = PngHeader.Read(stream, path);
        return (header.Height, header.Width);
    }

    /// <summary>Reads an indexed or grey PNG of 1, 2, 4 or 8 bits; grey levels are taken as they are, not scaled to 255.</summary>
    /// <returns>The indices, [height, width].</returns>
    /// <exception cref="InvalidDataException">The file is damaged, has colors, alpha or 16 bits.</exception>
    public static (byte[] Indices, int Height, int Width) Read(string path)
    {
        using var stream = ImageFileHeader.Open(path);
        using PngImage image = PngDecoder.Decode(stream, path);
        PngHeader header = image.Header;
        if (header.ColorType is not (PngColorType.Indexed or PngColorType.Grey))
            throw PngHeader.Bad(path, $"it is {header.ColorType}; class indices are read from indexed or grey files");
        return (image.Samples.ToArray(), header.Height, header.Width);
    }

    /// <summary>Writes an 8-bit indexed PNG; the file appears only once it is complete.</summary>
    public static void Write(string path, ReadOnlySpan<byte> indices, int width, int height, ClassPalette palette, bool areKeyValues = false)
    {
        using var file = new WholeFile(path, isUnique: true);
        using (FileStream stream = file.Create())
            Write(stream, indices, width, height, palette, areKeyValues);
        file.Complete(overwrite: true);
    }

    /// <summary>Writes an 8-bit indexed PNG.</summary>
    /// <param name="stream">Where to write to.</param>
    /// <param name="indices">The classes, [height, width]; 255 is void.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="palette">The colors of the classes; classes beyond it are black.</param>
    /// <param name="areKeyValues">Whether key values are given instead of classes: 0 is void, class k is k + 1.</param>
    public static void Write(Stream stream, ReadOnlySpan<byte> indices, int width, int height, ClassPalette palette, bool areKeyValues = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (indices.Length != (long)width * height)
            throw new ArgumentException($"{width} x {height} pixels need as many indices, not {indices.Length}.", nameof(indices));

        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = (byte)PngColorType.Indexed;

        var colors = new byte[256 * 3];
        for (int i = 0; i < 256; i++)
        {
            if (i < palette.Count || i == ClassPalette.VoidClass)
                (colors[3 * i], colors[3 * i + 1], colors[3 * i + 2]) = palette[i];
        }

        stream.Write(PngHeader.Signature);
        WriteChunk(stream, "IHDR"u8, header);
        WriteChunk(stream, "PLTE"u8, colors);
        WriteChunk(stream, "IDAT"u8, Compress(indices, width, height, areKeyValues));
        WriteChunk(stream, "IEND"u8, default);
    }

    // Filter 0 in every row: class indices have no gradients that another filter could make use of.
    private static ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> indices, int width, int height, bool areKeyValues)
    {
        byte[] classes = new byte[width];
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                zlib.WriteByte(0);
                ReadOnlySpan<byte> row = indices.Slice(y * width, width);
                if (areKeyValues)
                    MaskLabels.ToClasses(row, classes);
                zlib.Write(areKeyValues ? classes : row);
            }
        }

        return compressed.GetBuffer().AsSpan(0, (int)compressed.Length);
    }

    private static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        stream.Write(number);
        stream.Write(type);
        stream.Write(content);
        var checksum = new Crc32();
        checksum.Append(type);
        checksum.Append(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, checksum.GetCurrentHashAsUInt32());
        stream.Write(number);
    }
}
