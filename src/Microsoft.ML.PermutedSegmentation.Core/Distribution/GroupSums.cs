using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation.Distribution;

/// <summary>
/// Sums over the processes of a group. They are made in the order of the ranks, each value by one process, so that all processes have the same bits, and two
/// runs with as many processes do, too, whatever carries the bytes. As many travel as in a ring: twice the values, less one share.
/// </summary>
internal static class GroupSums
{
    // Of each process at a time: what is sent and what is received needs this much memory each.
    private const int MostAtOnce = 1 << 20;

    /// <summary>Replaces values by the sums of those of all processes.</summary>
    public static void Sum(this IProcessGroup group, Span<float> values)
    {
        if (group.Size == 1)
            return;
        for (; !values.IsEmpty; values = values[Math.Min(MostAtOnce, values.Length)..])
            SumAtOnce(group, values[..Math.Min(MostAtOnce, values.Length)]);
    }

    /// <summary>The sums over all processes.</summary>
    public static double[] Sum(this IProcessGroup group, params ReadOnlySpan<double> values)
    {
        double[] sums = new double[values.Length];
        foreach (double[] other in group.GatherAll(values))
            TensorPrimitives.Add(sums, other, sums);
        return sums;
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
