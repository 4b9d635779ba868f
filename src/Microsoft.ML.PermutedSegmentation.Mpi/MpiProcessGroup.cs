namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The processes that <c>mpirun</c> (or a cluster's <c>srun</c>) has started. Uses the MPI library that the system has: Open MPI from version 4 on, or MPICH and what has its
/// binary interface, on Linux.
/// </summary>
/// <example>
/// <code>
/// using var group = MpiProcessGroup.Start();
/// var options = new PermutedSegmentationTrainer.Options { ProcessGroup = group };
/// </code>
/// </example>
public sealed class MpiProcessGroup : IProcessGroup
{
    // What launchers tell their processes: Open MPI's, MPICH's and its relatives', Slurm's.
    private static readonly string[] Launchers = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"];

    // What the next step waits for may cost a core; what happens beside the computation may not.
    private static readonly TimeSpan Waiting = TimeSpan.FromMilliseconds(20), Beside = TimeSpan.FromMilliseconds(0.1);

    private static int _isStarted;

    private readonly MpiLibrary _library;
    private readonly nint _communicator;
    private readonly Family _family;
    private readonly TimeSpan _patience;
    private bool _isDisposed;

    private MpiProcessGroup(MpiLibrary library, nint communicator, Family family)
    {
        (_library, _communicator, _family) = (library, communicator, family);
        _patience = communicator == library.World ? Waiting : Beside;
        (Rank, Size) = (library.RankIn(communicator), library.SizeOf(communicator));
    }

    /// <summary>Whether a launcher of MPI has started several processes, of which this is one, as far as its environment tells.</summary>
    public static bool IsLaunched => LaunchedSize > 1;

    private static int LaunchedSize => Launchers.Select(name => int.TryParse(Environment.GetEnvironmentVariable(name), out int size) ? size : 0).FirstOrDefault(size => size > 0);

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <summary>Joins the other processes; once in a process. A process that no launcher has started is alone.</summary>
    /// <returns>The group of all; dispose it at the end, which waits for the others.</returns>
    /// <exception cref="DllNotFoundException">The system has no MPI library; the message says what to install.</exception>
    /// <exception cref="NotSupportedException">The library cannot be called from several threads at a time.</exception>
    /// <exception cref="InvalidOperationException">This process has joined before; or the launcher's processes do not find each other, since it is another library's.</exception>
    public static MpiProcessGroup Start()
    {
        MpiLibrary library = MpiLibrary.Load();
        if (Interlocked.Exchange(ref _isStarted, 1) != 0)
            throw new InvalidOperationException("MPI can be started once in a process only.");
        library.Initialize();
        var group = new MpiProcessGroup(library, library.World, new Family());
        // Each would do the whole work, all into the same files.
        if (LaunchedSize > 1 && group.Size != LaunchedSize)
            throw new InvalidOperationException($"{LaunchedSize} processes were started, but this MPI library sees {group.Size}: it is not the launcher's. Start them with the mpirun of the library that was found, {library.Version()}.");
        return group;
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes, int root)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(root, Size);
        Check();
        _library.Broadcast(bytes, root, _communicator, _patience);
    }

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(all.Length, own.Length * Size);
        Check();
        _library.Gather(own, all, _communicator, _patience);
    }

    /// <inheritdoc/>
    public void Exchange(ReadOnlySpan<byte> parts, Span<byte> received)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(parts.Length % Size, 0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(received.Length, parts.Length);
        Check();
        _library.Exchange(parts, received, parts.Length / Size, _communicator, _patience);
    }

    /// <inheritdoc/>
    public void Swap(ReadOnlySpan<byte> own, Span<byte> received, int partner)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(received.Length, own.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(partner);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partner, Size);
        Check();
        if (partner == Rank)
            own.CopyTo(received);
        else
            _library.Swap(own, received, partner, _communicator, _patience);
    }

    /// <inheritdoc/>
    public IProcessGroup Duplicate()
    {
        Check();
        return new MpiProcessGroup(_library, _library.Duplicate(_communicator), _family);
    }

    /// <inheritdoc/>
    /// <remarks>The others are ended when this group is disposed of, or this process ends: time to say why.</remarks>
    public void Abandon() => _family.IsAbandoned = true;

    /// <inheritdoc/>
    /// <remarks>After <see cref="Abandon"/> this ends all processes of the group, this one included.</remarks>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        bool isWorld = _communicator == _library.World;
        if (_family.IsAbandoned && isWorld)
            _library.Abort(1);
        else if (isWorld)
            _library.Complete();
        else if (!_family.IsAbandoned)
            _library.Free(_communicator);
    }

    private void Check()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_family.IsAbandoned)
            throw new IOException("This process has given up; the other processes of its group cannot go on with it.");
    }

    /// <summary>What a group and its duplicates have in common.</summary>
    private sealed class Family
    {
        public bool IsAbandoned { get; set; }
    }
}
