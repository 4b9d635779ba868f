namespace Microsoft.ML.PermutedSegmentation.Winograd;

/// <summary>Some neighbours among many: rows of tiles, or channels.</summary>
internal readonly record struct Slice(int First, int Count)
{
    /// <summary>All of so many, in parts of no more than some.</summary>
    public static IEnumerable<Slice> Cut(int all, int most)
    {
        for (int first = 0; first < all; first += most)
            yield return new Slice(first, Math.Min(most, all - first));
    }
}
