namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>
/// COCO's run-length encoding of a mask: column by column, how many pixels are outside, then inside, then outside and so on
/// (cocoapi, common/maskApi.c).
/// </summary>
internal static class RunLengths
{
    // Five bits a character: more would not fit the counts of any mask.
    private const int MostCharacters = 7;

    /// <summary>Reads the compressed form, a string.</summary>
    /// <exception cref="InvalidDataException">It is not one.</exception>
    public static List<long> Decompress(string text)
    {
        var counts = new List<long>();
        for (int p = 0; p < text.Length;)
        {
            long value = ReadValue(text, ref p);
            // From the third on, the difference from the run before the last one, which was of the same kind.
            counts.Add(counts.Count > 2 ? value + counts[^2] : value);
        }
        return counts;
    }

    /// <summary>Checks that runs fill a mask.</summary>
    /// <exception cref="InvalidDataException">They do not.</exception>
    public static void Check(IReadOnlyList<long> counts, int height, int width)
    {
        long sum = 0, size = (long)height * width;
        foreach (long count in counts)
        {
            if (count < 0)
                throw new InvalidDataException($"the run length {count} is negative");
            sum += count;
            if (sum > size)
                break;
        }
        if (sum != size)
            throw new InvalidDataException($"its run lengths add up to {(sum > size ? "more than the " : $"{sum} of ")}{size} pixels (height {height} x width {width}); they should fill the mask exactly");
    }

    /// <summary>Paints runs that were checked.</summary>
    /// <param name="mask">The mask, [height, width].</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="counts">Lengths of runs, the first one outside.</param>
    /// <param name="value">What the pixels inside become.</param>
    public static void Paint(Span<byte> mask, int width, IReadOnlyList<long> counts, byte value)
    {
        int height = mask.Length / width;
        long position = 0;
        for (int i = 0; i < counts.Count; i++)
        {
            long end = position + counts[i];
            for (; i % 2 == 1 && position < end; position++)
                mask[(int)(position % height * width + position / height)] = value;
            position = end;
        }
    }

    private static long ReadValue(string text, ref int p)
    {
        long value = 0;
        for (int k = 0; k < MostCharacters && p < text.Length; k++)
        {
            int c = text[p++] - '0';
            if (c is < 0 or > 63)
                throw new InvalidDataException($"'{text[p - 1]}' is no character of compressed run lengths");
            value |= (long)(c & 31) << (5 * k);
            if ((c & 32) == 0)
                return (c & 16) == 0 ? value : value - (1L << (5 * (k + 1)));
        }
        throw new InvalidDataException("its compressed run lengths end within a number, or one is too large");
    }
}
