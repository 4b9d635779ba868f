using System.Buffers.Binary;
using System.IO.Hashing;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>What a PNG sample means (ISO/IEC 15948, section 11.2.2).</summary>
internal enum PngColorType : byte
{
    Grey = 0,
    Rgb = 2,
    Indexed = 3,
    GreyAlpha = 4,
    Rgba = 6,
}

/// <summary>The first chunk of a PNG, IHDR, checked.</summary>
internal readonly record struct PngHeader(int Width, int Height, int BitDepth, PngColorType ColorType, bool Interlaced)
{
    /// <summary>Bytes up to the end of IHDR: signature 8, length 4, type 4, content 13, checksum 4.</summary>
    public const int SizeInBytes = 33;

    /// <summary>More pixels than any camera takes; a header that claims more is damaged or hostile.</summary>
    public const long MaximumPixels = 1L << 28;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Samples per pixel.</summary>
    public int Channels => ColorType switch
    {
        PngColorType.Rgb => 3,
        PngColorType.GreyAlpha => 2,
        PngColorType.Rgba => 4,
        _ => 1,
    };

    /// <summary>Reads the header at the start of a stream.</summary>
    /// <exception cref="InvalidDataException">Not a PNG, or its header is damaged.</exception>
    public static PngHeader Read(Stream stream, string name)
    {
        Span<byte> start = stackalloc byte[SizeInBytes];
        int length = stream.ReadAtLeast(start, SizeInBytes, throwOnEndOfStream: false);
        if (!start[..length].StartsWith(Signature))
            throw Bad(name, "it does not begin with the PNG signature");
        if (length < SizeInBytes)
            throw Bad(name, "it ends within its header");
        var chunk = start[Signature.Length..];
        if (BinaryPrimitives.ReadUInt32BigEndian(chunk) != 13 || !chunk[4..8].SequenceEqual("IHDR"u8))
            throw Bad(name, "its first chunk is not IHDR");
        if (BinaryPrimitives.ReadUInt32BigEndian(chunk[21..]) != Crc32.HashToUInt32(chunk[4..21]))
            throw Bad(name, "the checksum of its header is wrong");
        return Parse(chunk[8..21], name);
    }

    /// <summary>The one exception for a PNG that cannot be used.</summary>
    public static InvalidDataException Bad(string name, string reason, Exception? inner = null) =>
        new($"'{name}' is not a usable PNG: {reason}.", inner);

    private static PngHeader Parse(ReadOnlySpan<byte> content, string name)
    {
        uint width = BinaryPrimitives.ReadUInt32BigEndian(content);
        uint height = BinaryPrimitives.ReadUInt32BigEndian(content[4..]);
        if (width == 0 || height == 0 || (ulong)width * height > MaximumPixels)
            throw Bad(name, $"its size of {width} x {height} pixels is not between 1 and {MaximumPixels} pixels");

        int depth = content[8];
        var colorType = (PngColorType)content[9];
        bool depthAllowed = colorType switch
        {
            PngColorType.Grey => depth is 1 or 2 or 4 or 8 or 16,
            PngColorType.Indexed => depth is 1 or 2 or 4 or 8,
            PngColorType.Rgb or PngColorType.GreyAlpha or PngColorType.Rgba => depth is 8 or 16,
            _ => throw Bad(name, $"its color type {content[9]} does not exist"),
        };
        if (!depthAllowed)
            throw Bad(name, $"a bit depth of {depth} is not allowed for color type {content[9]}");
        if (content[10] != 0 || content[11] != 0 || content[12] > 1)
            throw Bad(name, "its compression, filter or interlace method does not exist");
        return new PngHeader((int)width, (int)height, depth, colorType, content[12] == 1);
    }
}
