using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>How the rows of a PNG are stored: as differences from their neighbors (ISO/IEC 15948, section 9.2).</summary>
internal static class PngFilter
{
    /// <summary>Makes a row's bytes of what is stored; false: there is no such filter.</summary>
    /// <param name="filter">Its number, which comes before the row.</param>
    /// <param name="row">The row without it.</param>
    /// <param name="above">The row above, which is all zero above the first one.</param>
    /// <param name="pixelBytes">Bytes from a sample to the same of the next pixel, at least 1.</param>
    public static bool TryUndo(byte filter, Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        switch (filter)
        {
            case 0:
                return true;
            case 1:
                for (int i = pixelBytes; i < row.Length; i++)
                    row[i] += row[i - pixelBytes];
                return true;
            case 2:
                TensorPrimitives.Add(row, above[..row.Length], row);
                return true;
            case 3:
                for (int i = 0; i < row.Length; i++)
                    row[i] += (byte)(((i < pixelBytes ? 0 : row[i - pixelBytes]) + above[i]) / 2);
                return true;
            case 4:
                for (int i = 0; i < row.Length; i++)
                    row[i] += i < pixelBytes ? above[i] : Paeth(row[i - pixelBytes], above[i], above[i - pixelBytes]);
                return true;
            default:
                return false;
        }
    }

    private static byte Paeth(byte left, byte above, byte aboveLeft)
    {
        int estimate = left + above - aboveLeft;
        int toLeft = Math.Abs(estimate - left), toAbove = Math.Abs(estimate - above), toAboveLeft = Math.Abs(estimate - aboveLeft);
        if (toLeft <= toAbove && toLeft <= toAboveLeft)
            return left;
        return toAbove <= toAboveLeft ? above : aboveLeft;
    }
}
