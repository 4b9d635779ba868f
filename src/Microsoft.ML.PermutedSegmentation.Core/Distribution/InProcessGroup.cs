namespace Microsoft.ML.PermutedSegmentation;

/// <summary>A group whose members are threads of one process: one for each GPU of a machine, for example.</summary>
public sealed class InProcessGroup : IProcessGroup
{
    private readonly Meeting _meeting;

    private InProcessGroup(Meeting meeting, int rank) => (_meeting, Rank) = (meeting, rank);

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size => _meeting.Size;

    /// <summary>Makes a group.</summary>
    /// <param name="size">How many members it has, 1 to 1024.</param>
    /// <returns>The members, by rank; each is for a thread of its own.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is out of its range.</exception>
    public static IReadOnlyList<InProcessGroup> Create(int size)
    {
        const int MostMembers = 1024;
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MostMembers);
        var meeting = new Meeting(size);
        return [.. Enumerable.Range(0, size).Select(rank => new InProcessGroup(meeting, rank))];
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes, int root)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(root, Size);
        byte[][] sent = _meeting.Show(Rank, Rank == root ? bytes : []);
        sent[root].CopyTo(bytes);
    }

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(all.Length, own.Length * Size);
        byte[][] sent = _meeting.Show(Rank, own);
        for (int rank = 0; rank < Size; rank++)
            sent[rank].CopyTo(all[(rank * own.Length)..]);
    }

    /// <inheritdoc/>
    public void Exchange(ReadOnlySpan<byte> parts, Span<byte> received)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(parts.Length % Size, 0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(received.Length, parts.Length);
        int length = parts.Length / Size;
        byte[][] sent = _meeting.Show(Rank, parts);
        for (int rank = 0; rank < Size; rank++)
            sent[rank].AsSpan(Rank * length, length).CopyTo(received[(rank * length)..]);
    }

    /// <inheritdoc/>
    public void Swap(ReadOnlySpan<byte> own, Span<byte> received, int partner)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(received.Length, own.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(partner);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partner, Size);
        byte[][] sent = _meeting.Show(Rank, own);
        sent[partner].CopyTo(received);
    }

    /// <inheritdoc/>
    public IProcessGroup Duplicate() => new InProcessGroup(_meeting.Another(), Rank);

    /// <inheritdoc/>
    public void Abandon() => _meeting.Abandon(Rank);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
