namespace Microsoft.ML.PermutedSegmentation.Distribution;

/// <summary>Which images of several this process has: neighbours, and as many as the other processes, or one more or less.</summary>
/// <param name="First">The place of its first one.</param>
/// <param name="Count">How many it has.</param>
/// <param name="Total">How many there are.</param>
internal readonly record struct ImageShare(int First, int Count, int Total)
{
    /// <summary>The share of a process; all images where there is no group.</summary>
    public static ImageShare Of(int total, IProcessGroup? group)
    {
        if (group is null)
            return new ImageShare(0, total, total);
        int first = Start(group.Rank);
        return new ImageShare(first, Start(group.Rank + 1) - first, total);

        int Start(int rank) => (int)((long)total * rank / group.Size);
    }

    /// <summary>Whether an image at a place is in it.</summary>
    public bool Has(int place) => place >= First && place < First + Count;
}
