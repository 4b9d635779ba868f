using System.Buffers;
using System.IO.Compression;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>
/// Decodes a PNG (ISO/IEC 15948) to its raw samples: palette indices stay indices and colors are not touched by
/// palettes, color profiles, gamma or alpha. General decoders (SkiaSharp, and with it MLImage) only give colors, and
/// two classes with the same color cannot be told apart any more.
/// </summary>
internal static class PngDecoder
{
    // Deflate's best case: 258 bytes out of 2 bits.
    private const long MaximumDeflateRatio = 1032;
    private const int FirstBufferBytes = 1 << 14;

    private readonly record struct Pass(int X, int Y, int StepX, int StepY);

    private static readonly Pass[] WholeImage = [new(0, 0, 1, 1)];

    // ISO/IEC 15948, section 8.2.
    private static readonly Pass[] Adam7 =
    [
        new(0, 0, 8, 8), new(4, 0, 8, 8), new(0, 4, 4, 8), new(2, 0, 4, 4), new(0, 2, 2, 4), new(1, 0, 2, 2), new(0, 1, 1, 2),
    ];

    /// <summary>Decodes a PNG of 1, 2, 4 or 8 bits a sample. All that grows with the file is borrowed; what is refused does not give it back.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or has 16 bits a sample.</exception>
    public static PngImage Decode(Stream stream, string name)
    {
        var chunks = new PngChunkReader(stream, name);
        var header = chunks.Header;
        if (header.BitDepth == 16)
            throw PngHeader.Bad(name, "it has 16 bits a sample; save it with 8 bits or less");

        byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
        int compressedBytes = 0;
        byte[]? palette = null, transparency = null;
        while (chunks.MoveNext())
        {
            // Behind the image data so far, of which all is to lie together.
            buffer = WithRoom(buffer, compressedBytes, chunks.Length + PngChunkReader.ChecksumBytes);
            var content = chunks.ReadContent(buffer.AsSpan(compressedBytes));
            if (chunks.Type == "IDAT")
                compressedBytes += content.Length;
            else if (chunks.Type == "PLTE" && palette is null)
                palette = content.ToArray();
            else if (chunks.Type == "tRNS")
                transparency = content.ToArray();
            else if (chunks.Type == "eXIf")
                RequireUpright(content, name);
            else if (chunks.IsCritical)
                throw PngHeader.Bad(name, $"its chunk {chunks.Type} is not allowed there");
        }

        chunks.CheckContent();
        CheckColors(header, palette, transparency, name);
        var samples = Decompress(new MemoryStream(buffer, 0, compressedBytes), header, name);
        ArrayPool<byte>.Shared.Return(buffer);
        return new PngImage(header, samples, palette, transparency);
    }

    // The file has as many bytes: the chunk reader has looked. What is borrowed is twice as large each time, or more.
    private static byte[] WithRoom(byte[] buffer, int used, int needed)
    {
        if (buffer.Length - used >= needed)
            return buffer;
        byte[] larger = ArrayPool<byte>.Shared.Rent(used + needed);
        buffer.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    // Tools that show a mask turned and tools that read its samples would not agree about it.
    private static void RequireUpright(ReadOnlySpan<byte> exif, string name)
    {
        if (ExifOrientation.Read(exif) is not ExifOrientation.Upright and var orientation)
            throw PngHeader.Bad(name, $"it is stored turned (EXIF orientation {orientation}); save it upright");
    }

    // ISO/IEC 15948, sections 11.2.3 and 11.3.2.1.
    private static void CheckColors(PngHeader header, byte[]? palette, byte[]? transparency, string name)
    {
        if (header.ColorType == PngColorType.Indexed && palette is null)
            throw PngHeader.Bad(name, "it is indexed and has no palette");
        if (palette is not null && (palette.Length is 0 or > 256 * 3 || palette.Length % 3 != 0))
            throw PngHeader.Bad(name, $"its palette has {palette.Length} bytes, where 3 for each of 1 to 256 colors are expected");
        if (transparency is null)
            return;
        bool fits = header.ColorType switch
        {
            PngColorType.Indexed => transparency.Length <= palette!.Length / 3,
            PngColorType.Grey => transparency.Length == 2,
            PngColorType.Rgb => transparency.Length == 6,
            _ => false,
        };
        if (!fits)
            throw PngHeader.Bad(name, $"its chunk tRNS of {transparency.Length} bytes does not fit a file of kind {header.ColorType}");
    }

    private static ArraySegment<byte> Decompress(MemoryStream compressed, PngHeader header, string name)
    {
        var passes = PassesOf(header);
        CheckCanHold(header, compressed.Length, name);

        using var rows = new ZLibStream(compressed, CompressionMode.Decompress);
        int sampleCount = header.Width * header.Height * header.Channels;
        byte[] samples = ArrayPool<byte>.Shared.Rent(sampleCount);
        foreach (var pass in passes)
            ReadPass(rows, header, pass, samples, name);
        // Reading on also makes zlib compare its checksum.
        if (ReadFully(rows, stackalloc byte[1], name) > 0)
            throw PngHeader.Bad(name, "it holds more image data than its size needs");
        return new ArraySegment<byte>(samples, 0, sampleCount);
    }

    /// <summary>Refuses a size that so many compressed bytes cannot hold, before anything is allocated for it.</summary>
    /// <exception cref="InvalidDataException">There are too few.</exception>
    public static void CheckCanHold(PngHeader header, long compressedBytes, string name)
    {
        long size = PassesOf(header).Sum(pass => (1L + RowBytes(header, pass)) * RowCount(header, pass));
        if (compressedBytes == 0 || size > compressedBytes * MaximumDeflateRatio)
            throw PngHeader.Bad(name, $"{compressedBytes} compressed bytes cannot hold {header.Width} x {header.Height} pixels");
    }

    private static Pass[] PassesOf(PngHeader header) => header.Interlaced ? Adam7 : WholeImage;

    private static int ColumnCount(PngHeader header, Pass pass) => (header.Width - pass.X + pass.StepX - 1) / pass.StepX;

    // A pass without columns has no rows either, not even filter bytes.
    private static int RowCount(PngHeader header, Pass pass) =>
        ColumnCount(header, pass) == 0 ? 0 : (header.Height - pass.Y + pass.StepY - 1) / pass.StepY;

    private static int RowBytes(PngHeader header, Pass pass) =>
        (int)(((long)ColumnCount(header, pass) * header.Channels * header.BitDepth + 7) / 8);

    private static void ReadPass(Stream rows, PngHeader header, Pass pass, byte[] samples, string name)
    {
        // The filter and the samples.
        int rowBytes = 1 + RowBytes(header, pass), rowCount = RowCount(header, pass);
        int pixelBytes = Math.Max(1, header.Channels * header.BitDepth / 8);
        byte[] row = ArrayPool<byte>.Shared.Rent(rowBytes), above = ArrayPool<byte>.Shared.Rent(rowBytes);
        above.AsSpan(0, rowBytes).Clear();
        for (int i = 0; i < rowCount; i++, (row, above) = (above, row))
        {
            if (ReadFully(rows, row.AsSpan(0, rowBytes), name) < rowBytes)
                throw PngHeader.Bad(name, "it holds less image data than its size needs");
            if (!PngFilter.TryUndo(row[0], row.AsSpan(1..rowBytes), above.AsSpan(1..rowBytes), pixelBytes))
                throw PngHeader.Bad(name, $"its row filter {row[0]} does not exist");
            StoreRow(row.AsSpan(1..rowBytes), header, pass, pass.Y + i * pass.StepY, samples);
        }
        ArrayPool<byte>.Shared.Return(row);
        ArrayPool<byte>.Shared.Return(above);
    }

    private static int ReadFully(Stream rows, Span<byte> row, string name)
    {
        try
        {
            return rows.ReadAtLeast(row, row.Length, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw PngHeader.Bad(name, "its image data is damaged", exception);
        }
    }

    private static void StoreRow(ReadOnlySpan<byte> row, PngHeader header, Pass pass, int y, byte[] samples)
    {
        int channels = header.Channels, depth = header.BitDepth, columns = ColumnCount(header, pass);
        var target = samples.AsSpan(y * header.Width * channels, header.Width * channels);
        if (depth == 8 && pass.StepX == 1)
        {
            row.CopyTo(target);
            return;
        }

        int mask = (1 << depth) - 1;
        for (int i = 0; i < columns * channels; i++)
        {
            // Several samples in one byte: the leftmost has the highest bits.
            int shift = 8 - depth - i % (8 / depth) * depth;
            int column = pass.X + i / channels * pass.StepX;
            target[column * channels + i % channels] = (byte)(row[(int)((long)i * depth / 8)] >> shift & mask);
        }
    }
}
