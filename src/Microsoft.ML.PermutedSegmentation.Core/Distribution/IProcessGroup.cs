namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Processes that do one piece of work together, each with a share of it; in words of MPI, a communicator. Its methods are collective: each member calls
/// the same ones in the same order, and waits in them for the others. A group is for one thread at a time; <see cref="Duplicate"/> makes one for another thread.
/// </summary>
/// <remarks>Only bytes travel, and what is to be done with them is ours: sums are made in an order that the number of processes alone decides, so that as many give the same bits.</remarks>
public interface IProcessGroup : IDisposable
{
    /// <summary>Which of the processes this one is, from 0 to <see cref="Size"/> - 1.</summary>
    int Rank { get; }

    /// <summary>How many processes there are.</summary>
    int Size { get; }

    /// <summary>Copies the bytes of one process to all others.</summary>
    /// <param name="bytes">What is sent, or where what comes is put; of the same length everywhere.</param>
    /// <param name="root">The rank that sends.</param>
    /// <exception cref="IOException">Another process has given up.</exception>
    void Broadcast(Span<byte> bytes, int root);

    /// <summary>Gives every process the bytes of all (in MPI, an allgather).</summary>
    /// <param name="own">This process's; of the same length everywhere.</param>
    /// <param name="all">Where those of rank 0, rank 1 and so on are put, one behind the other.</param>
    /// <exception cref="IOException">Another process has given up.</exception>
    void Gather(ReadOnlySpan<byte> own, Span<byte> all);

    /// <summary>Sends each process a part of its own (in MPI, an alltoall).</summary>
    /// <param name="parts">The parts for rank 0, rank 1 and so on, all of the same length everywhere.</param>
    /// <param name="received">Where the parts from rank 0, rank 1 and so on are put.</param>
    /// <exception cref="IOException">Another process has given up.</exception>
    void Exchange(ReadOnlySpan<byte> parts, Span<byte> received);

    /// <summary>Exchanges bytes with one other process (in MPI, a sendrecv), as all processes do at the same time, two by two.</summary>
    /// <param name="own">This process's; of the same length as the partner's.</param>
    /// <param name="received">Where those of the partner are put.</param>
    /// <param name="partner">The other's rank; this process's own for one that has no partner.</param>
    /// <exception cref="IOException">Another process has given up.</exception>
    void Swap(ReadOnlySpan<byte> own, Span<byte> received, int partner);

    /// <summary>A second group of the same processes, for another thread; collective, too.</summary>
    /// <exception cref="IOException">Another process has given up.</exception>
    IProcessGroup Duplicate();

    /// <summary>Gives up: this process cannot go on, and the others, which may be waiting for it, are to end, too. Not collective, and for any thread.</summary>
    void Abandon();
}
