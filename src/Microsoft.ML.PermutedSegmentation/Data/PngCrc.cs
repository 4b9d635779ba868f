namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The CRC-32 of PNG chunks (ISO/IEC 15948, annex D). The framework has one only in a package of its own, not worth
/// a dependency for ten lines.
/// </summary>
internal static class PngCrc
{
    private static readonly uint[] Table = MakeTable();

    public static uint Compute(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default) =>
        ~Update(Update(uint.MaxValue, first), second);

    private static uint Update(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
            crc = Table[(byte)(crc ^ value)] ^ crc >> 8;
        return crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value & 1) == 0 ? value >> 1 : 0xEDB88320 ^ value >> 1;
            table[i] = value;
        }

        return table;
    }
}
