using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Small PNG files of any kind.</summary>
internal static class PngFile
{
    /// <summary>A file of one row.</summary>
    /// <param name="colorType">0 grey, 2 RGB, 3 indexed, 6 RGBA.</param>
    /// <param name="bitDepth">Bits a sample.</param>
    /// <param name="samples">The row's samples.</param>
    /// <param name="palette">The palette's colors, for an indexed file.</param>
    /// <param name="transparency">The content of tRNS.</param>
    /// <param name="exif">The content of eXIf.</param>
    public static byte[] OneRow(
        int colorType, int bitDepth, int[] samples, (int Red, int Green, int Blue)[]? palette = null, byte[]? transparency = null, byte[]? exif = null)
    {
        int channels = colorType switch { 2 => 3, 6 => 4, _ => 1 };
        byte[] header = [.. Int32(samples.Length / channels), .. Int32(1), (byte)bitDepth, (byte)colorType, 0, 0, 0];
        byte[] row = new byte[1 + (samples.Length * bitDepth + 7) / 8];
        for (int i = 0; i < samples.Length; i++)
            row[1 + i * bitDepth / 8] |= (byte)(samples[i] << (8 - bitDepth - i * bitDepth % 8));
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(row);

        byte[] file = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, .. Chunk("IHDR"u8, header)];
        if (palette is not null)
            file = [.. file, .. Chunk("PLTE"u8, [.. palette.SelectMany(color => new[] { (byte)color.Red, (byte)color.Green, (byte)color.Blue })])];
        if (transparency is not null)
            file = [.. file, .. Chunk("tRNS"u8, transparency)];
        if (exif is not null)
            file = [.. file, .. Chunk("eXIf"u8, exif)];
        file = [.. file, .. Chunk("IDAT"u8, data.ToArray()), .. Chunk("IEND"u8, [])];
        PngMutations.FixChecksums(file);
        return file;
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] content) => [.. Int32(content.Length), .. type, .. content, 0, 0, 0, 0];

    private static byte[] Int32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
