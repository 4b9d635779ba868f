namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>Resizes a mask by taking, for each target pixel, the source pixel that its centre falls into.</summary>
internal static class NearestResizer
{
    private const int StackLimit = 2048;

    /// <summary>
    /// target(Y, X) = source(floor((Y + 0.5) * h / H), floor((X + 0.5) * w / W)), both row by row; sizes are at least 1.
    /// </summary>
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

    // In whole numbers: (i + 0.5) * source / target without rounding.
    private static int SourceIndex(int targetIndex, int sourceSize, int targetSize) =>
        (int)((2L * targetIndex + 1) * sourceSize / (2L * targetSize));

    private static void Check(int length, int height, int width, string parameter)
    {
        if (height < 1 || width < 1 || (long)height * width != length)
            throw new ArgumentException($"A mask of {height} x {width} pixels was announced, but it has {length} values.", parameter);
    }
}
