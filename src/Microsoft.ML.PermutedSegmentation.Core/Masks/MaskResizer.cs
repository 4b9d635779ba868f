namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Resizes masks by nearest pixel, for example a predicted mask to the size of its image: a class is not a number that can be blended.
/// </summary>
public static class MaskResizer
{
    private const int StackLimit = 2048;

    /// <summary>A mask at another size.</summary>
    /// <param name="mask">One value per pixel, row by row: key values as in the column PredictedLabel, or class indexes.</param>
    /// <param name="height">Its height in pixels, at least 1; of a prediction, the model's <c>ImageHeight</c>.</param>
    /// <param name="width">Its width in pixels, at least 1.</param>
    /// <param name="newHeight">The target height, at least 1.</param>
    /// <param name="newWidth">The target width, at least 1.</param>
    /// <exception cref="ArgumentException">A size is below 1, or <paramref name="mask"/> is not height x width values.</exception>
    public static byte[] Resize(ReadOnlySpan<byte> mask, int height, int width, int newHeight, int newWidth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(newHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(newWidth, 1);
        Check(mask.Length, height, width, nameof(mask));
        byte[] resized = new byte[checked(newHeight * newWidth)];
        Resize(mask, height, width, resized, newHeight, newWidth);
        return resized;
    }

    /// <summary>
    /// Writes a mask at another size into given memory. Each pixel of the target is the one of the source that its centre falls into:
    /// target(Y, X) = source(floor((Y + 0.5) * h / H), floor((X + 0.5) * w / W)).
    /// </summary>
    /// <param name="source">One value per pixel, row by row.</param>
    /// <param name="sourceHeight">Its height in pixels, at least 1.</param>
    /// <param name="sourceWidth">Its width in pixels, at least 1.</param>
    /// <param name="target">Where the values go, row by row.</param>
    /// <param name="targetHeight">Its height in pixels, at least 1.</param>
    /// <param name="targetWidth">Its width in pixels, at least 1.</param>
    /// <exception cref="ArgumentException">A size is below 1, or does not match the number of values.</exception>
    public static void Resize(
        ReadOnlySpan<byte> source, int sourceHeight, int sourceWidth, Span<byte> target, int targetHeight, int targetWidth)
    {
        Check(source.Length, sourceHeight, sourceWidth, nameof(source));
        Check(target.Length, targetHeight, targetWidth, nameof(target));
        if (sourceHeight == targetHeight && sourceWidth == targetWidth)
        {
            source.CopyTo(target);
            return;
        }

        Span<int> sourceColumns = targetWidth <= StackLimit ? stackalloc int[targetWidth] : new int[targetWidth];
        for (int x = 0; x < targetWidth; x++)
            sourceColumns[x] = SourceIndex(x, sourceWidth, targetWidth);

        int previousRow = -1;
        for (int y = 0; y < targetHeight; y++)
        {
            int sourceRow = SourceIndex(y, sourceHeight, targetHeight);
            Span<byte> targetRow = target.Slice(y * targetWidth, targetWidth);
            if (sourceRow == previousRow)
            {
                target.Slice((y - 1) * targetWidth, targetWidth).CopyTo(targetRow);
                continue;
            }
            ReadOnlySpan<byte> row = source.Slice(sourceRow * sourceWidth, sourceWidth);
            for (int x = 0; x < targetRow.Length; x++)
                targetRow[x] = row[sourceColumns[x]];
            previousRow = sourceRow;
        }
    }

    /// <summary>The pixel of a side of the source that the centre of a target's pixel falls into, in whole numbers: (i + 0.5) * source / target without rounding.</summary>
    internal static int SourceIndex(int targetIndex, int sourceSize, int targetSize) =>
        (int)((2L * targetIndex + 1) * sourceSize / (2L * targetSize));

    private static void Check(int length, int height, int width, string parameter)
    {
        if (height < 1 || width < 1 || (long)height * width != length)
            throw new ArgumentException($"The mask should have {height} x {width} pixels, but it has {length} values.", parameter);
    }
}
