namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>The two small pixels around a large one, along one side, and the share of the second.</summary>
internal readonly record struct Neighbors(int First, int Second, float Share)
{
    /// <summary>The small pixels around a large one.</summary>
    /// <param name="position">The large pixel.</param>
    /// <param name="size">How many large pixels are as long as all small ones.</param>
    /// <param name="smallSize">How many small ones there are.</param>
    public static Neighbors Of(int position, float size, int smallSize)
    {
        float at = Math.Max(0, (position + 0.5f) * smallSize / size - 0.5f);
        int first = Math.Min((int)at, smallSize - 1);
        return new Neighbors(first, Math.Min(first + 1, smallSize - 1), at - first);
    }

    /// <summary>The small pixels around each of some large ones.</summary>
    public static Neighbors[] OfAll(int count, float size, int smallSize) => [.. Enumerable.Range(0, count).Select(position => Of(position, size, smallSize))];
}
