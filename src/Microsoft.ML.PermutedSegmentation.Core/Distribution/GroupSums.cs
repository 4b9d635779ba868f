using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation.Distribution;

/// <summary>
/// Sums over the processes of a group. The number of processes alone decides in which order they are made, so that all processes have the same bits, and two
/// runs with as many do, too, whatever carries the bytes.
/// </summary>
internal static class GroupSums
{
    // Of each process at a time: what is sent and what is received needs this much memory each.
    private const int MostAtOnce = 1 << 20;

    /// <summary>
    /// Replaces many values by the sums of those of all processes, each made by one process in the order of the ranks. As many bytes travel as in a ring: twice
    /// the values, less one share.
    /// </summary>
    public static void Sum(this IProcessGroup group, Span<float> values)
    {
        if (group.Size == 1)
            return;
        for (; !values.IsEmpty; values = values[Math.Min(MostAtOnce, values.Length)..])
            SumAtOnce(group, values[..Math.Min(MostAtOnce, values.Length)]);
    }

    /// <summary>The sums of a few values over all processes.</summary>
    public static double[] Sum(this IProcessGroup group, params ReadOnlySpan<double> values) => group.Combine(values.ToArray(), (sums, others) => TensorPrimitives.Add(sums, others, sums));

    /// <summary>Combines the few values of all processes two by two, so that each sends at most two messages more than log2 of their number (recursive doubling).</summary>
    /// <param name="group">The processes.</param>
    /// <param name="values">This process's values, as many as the others'; they may be written to.</param>
    /// <param name="add">Adds its second argument to its first; each time, all processes that need the sum give it the same ones in the same order.</param>
    public static double[] Combine(this IProcessGroup group, double[] values, Action<double[], double[]> add)
    {
        // Those beyond a power of two give theirs to one of the others first, and get the result from it at the end.
        int doubling = (int)BitOperations.RoundUpToPowerOf2((uint)group.Size + 1) / 2, own = group.Rank;
        bool isBeyond = own >= doubling;
        int outside = isBeyond ? own - doubling : own + doubling < group.Size ? own + doubling : own;
        if (doubling < group.Size)
        {
            double[] given = Swapped(outside);
            if (outside > own)
                add(values, given);
        }
        for (int distance = 1; distance < doubling; distance *= 2)
        {
            int partner = isBeyond ? own : own ^ distance;
            double[] other = Swapped(partner);
            if (partner < own)
                (values, other) = (other, values);
            if (partner != own)
                add(values, other);
        }
        if (doubling == group.Size)
            return values;
        double[] result = Swapped(outside);
        return isBeyond ? result : values;

        double[] Swapped(int partner)
        {
            double[] other = new double[values.Length];
            group.Swap(MemoryMarshal.AsBytes(values.AsSpan()), MemoryMarshal.AsBytes(other.AsSpan()), partner);
            return other;
        }
    }

    /// <summary>The values of each process, by rank; as many everywhere.</summary>
    public static T[][] GatherAll<T>(this IProcessGroup group, ReadOnlySpan<T> values) where T : unmanaged
    {
        T[] all = new T[values.Length * group.Size];
        group.Gather(MemoryMarshal.AsBytes(values), MemoryMarshal.AsBytes(all.AsSpan()));
        int length = values.Length;
        return [.. Enumerable.Range(0, group.Size).Select(rank => all[(rank * length)..((rank + 1) * length)])];
    }

    /// <summary>The bytes of rank 0, which alone knows how many.</summary>
    public static byte[] BroadcastAll(this IProcessGroup group, byte[]? ofFirst)
    {
        byte[] length = BitConverter.GetBytes(ofFirst?.Length ?? 0);
        group.Broadcast(length, root: 0);
        byte[] bytes = group.Rank == 0 ? ofFirst! : new byte[BitConverter.ToInt32(length)];
        group.Broadcast(bytes, root: 0);
        return bytes;
    }

    private static void SumAtOnce(IProcessGroup group, Span<float> values)
    {
        int share = (values.Length + group.Size - 1) / group.Size, length = share * group.Size;
        float[] sent = ArrayPool<float>.Shared.Rent(length), received = ArrayPool<float>.Shared.Rent(length);
        try
        {
            values.CopyTo(sent);
            sent.AsSpan(values.Length, length - values.Length).Clear();
            group.Exchange(Bytes(sent, length), Bytes(received, length));
            Span<float> sum = received.AsSpan(0, share);
            for (int rank = 1; rank < group.Size; rank++)
                TensorPrimitives.Add(sum, received.AsSpan(rank * share, share), sum);
            group.Gather(MemoryMarshal.AsBytes(sum), Bytes(sent, length));
            sent.AsSpan(0, values.Length).CopyTo(values);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(sent);
            ArrayPool<float>.Shared.Return(received);
        }
    }

    private static Span<byte> Bytes(float[] values, int length) => MemoryMarshal.AsBytes(values.AsSpan(0, length));
}
