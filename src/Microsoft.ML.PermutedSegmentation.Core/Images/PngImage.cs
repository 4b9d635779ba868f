using System.Buffers;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>A decoded PNG (ISO/IEC 15948): what the file itself says, before any of it is turned into colors.</summary>
/// <param name="Header">Size, bit depth and kind.</param>
/// <param name="Samples">Raw samples, [height, width, channels]: below 8 bits they are not scaled, and of an indexed file they are indices. They are borrowed until <see cref="Dispose"/>.</param>
/// <param name="Palette">
/// The palette, red, green and blue of 1 to 256 entries; an indexed file always has one, any other may (it means nothing there).
/// An index can lie beyond it.
/// </param>
/// <param name="Transparency">
/// The content of tRNS, or null: of an indexed file one alpha value for each of the palette's first entries, of a grey or RGB file
/// the one transparent level or color, as big-endian numbers of 16 bits.
/// </param>
internal sealed record PngImage(PngHeader Header, ArraySegment<byte> Samples, byte[]? Palette, byte[]? Transparency) : IDisposable
{
    /// <summary>The transparent color of an RGB file, null for none. (Of its 16 bits a channel, files of 8 bits have the lower ones.)</summary>
    public (byte Red, byte Green, byte Blue)? TransparentColor =>
        Transparency is { Length: 6 } values && Header.ColorType == PngColorType.Rgb ? (values[1], values[3], values[5]) : null;

    /// <summary>How opaque a value of an indexed or grey file is, 0 to 255.</summary>
    public byte AlphaOf(byte value) => (Header.ColorType, Transparency) switch
    {
        (PngColorType.Indexed, { } alphas) when value < alphas.Length => alphas[value],
        (PngColorType.Grey, { } level) when value == level[1] => 0,
        _ => byte.MaxValue,
    };

    /// <summary>Gives the samples' memory back, to be used by others; once.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(Samples.Array!);
}
