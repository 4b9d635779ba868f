using System.Buffers.Binary;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>
/// The orientation of a stored picture, from 1 to 8: which of its edges is the top (EXIF 2.32, tag 0x0112, in the TIFF structure that
/// a JPEG's APP1 segment or a PNG's eXIf chunk holds). 1 is upright, and what a file has that does not say.
/// </summary>
internal static class ExifOrientation
{
    public const int Upright = 1;

    private const int Tag = 0x0112, Short = 3, Long = 4, EntrySize = 12;

    /// <summary>Whether the picture lies on its side, so that height and width are exchanged.</summary>
    public static bool SwapsSides(int orientation) => orientation >= 5;

    /// <summary>Reads the orientation from a TIFF structure; what is damaged says nothing.</summary>
    public static int Read(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8 || tiff[..2] is not ([(byte)'I', (byte)'I'] or [(byte)'M', (byte)'M']))
            return Upright;
        bool little = tiff[0] == 'I';
        uint directory = UInt32(tiff[4..], little);
        if (UInt16(tiff[2..], little) != 42 || directory > tiff.Length - 2)
            return Upright;
        ReadOnlySpan<byte> entries = tiff[(int)(directory + 2)..];
        for (int count = UInt16(tiff[(int)directory..], little); count > 0 && entries.Length >= EntrySize; count--, entries = entries[EntrySize..])
        {
            if (UInt16(entries, little) != Tag)
                continue;
            uint value = UInt16(entries[2..], little) switch
            {
                Short => (uint)UInt16(entries[8..], little),
                Long => UInt32(entries[8..], little),
                _ => (uint)Upright,
            };
            return value is >= 1 and <= 8 ? (int)value : Upright;
        }
        return Upright;
    }

    /// <summary>Turns pixels upright.</summary>
    /// <param name="orientation">2 to 8.</param>
    /// <param name="stored">The pixels as stored, row by row.</param>
    /// <param name="height">Rows as stored.</param>
    /// <param name="width">Columns as stored.</param>
    /// <param name="upright">As many pixels; their rows are the stored columns when <see cref="SwapsSides"/>.</param>
    public static void Turn(int orientation, ReadOnlySpan<uint> stored, int height, int width, Span<uint> upright)
    {
        // Where the stored picture's first pixel goes, and how far the next one to its right and the next one below are from it.
        int last = stored.Length - 1;
        (int start, int right, int down) = orientation switch
        {
            2 => (width - 1, -1, width),
            3 => (last, -1, -width),
            4 => (last - (width - 1), 1, -width),
            5 => (0, height, 1),
            6 => (height - 1, height, -1),
            7 => (last, -height, -1),
            _ => (last - (height - 1), -height, 1),
        };
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<uint> row = stored.Slice(y * width, width);
            int target = start + y * down;
            foreach (uint pixel in row)
            {
                upright[target] = pixel;
                target += right;
            }
        }
    }

    private static int UInt16(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
