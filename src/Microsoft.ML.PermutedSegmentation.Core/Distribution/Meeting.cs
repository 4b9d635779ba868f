namespace Microsoft.ML.PermutedSegmentation.Distribution;

/// <summary>Where threads wait for one another, each with something to show to the others.</summary>
internal sealed class Meeting
{
    private readonly Ending _ending;
    // Of this meeting and the one before: who is in the next one has left that.
    private readonly byte[][][] _shown;
    private readonly int[] _shows;
    private Meeting? _another;
    private int _arrived;
    private long _meetings;

    /// <param name="size">How many take part.</param>
    public Meeting(int size) : this(size, new Ending())
    {
    }

    private Meeting(int size, Ending ending) => (_shown, _shows, _ending) = ([new byte[size][], new byte[size][]], new int[size], ending);

    /// <summary>How many take part.</summary>
    public int Size => _shows.Length;

    /// <summary>Shows a copy of the bytes to the others, and gives what all show, until this member shows something else.</summary>
    public byte[][] Show(int rank, ReadOnlySpan<byte> bytes)
    {
        byte[][] shown = _shown[(_shows[rank] ^= 1)];
        shown[rank] = bytes.ToArray();
        Wait();
        return shown;
    }

    /// <summary>A second meeting of the same members, which ends with this one.</summary>
    public Meeting Another()
    {
        Wait(() => _another = new Meeting(Size, _ending));
        Meeting another = _another!;
        Wait();
        return another;
    }

    /// <summary>Ends all meetings of these members.</summary>
    public void Abandon(int rank)
    {
        lock (_ending)
        {
            _ending.Rank ??= rank;
            Monitor.PulseAll(_ending);
        }
    }

    // last: what the last one to come does for all.
    private void Wait(Action? last = null)
    {
        lock (_ending)
        {
            long meeting = _meetings;
            if (++_arrived == Size)
            {
                last?.Invoke();
                _arrived = 0;
                _meetings++;
                Monitor.PulseAll(_ending);
                return;
            }
            while (_meetings == meeting)
            {
                if (_ending.Rank is { } rank)
                    throw new IOException($"Rank {rank} of {Size} has given up, so that the others cannot go on.");
                Monitor.Wait(_ending);
            }
        }
    }

    /// <summary>Who has given up first, for all meetings of a family; their lock, too.</summary>
    private sealed class Ending
    {
        public int? Rank { get; set; }
    }
}
