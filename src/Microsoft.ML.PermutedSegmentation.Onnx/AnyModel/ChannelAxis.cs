using System.Buffers;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>Where in a tensor the channels are that the key puts into another order.</summary>
/// <param name="Axis">The axis.</param>
/// <param name="Block">How many places on it stay together: 1, or the filters of one channel of a depthwise convolution.</param>
internal readonly record struct ChannelAxis(int Axis, int Block)
{
    /// <summary>How many channels a tensor has there.</summary>
    public int CountOf(StoredTensor tensor) => (int)(tensor.Proto.Dims[Axis] / Block);

    /// <summary>Whether a tensor can have channels there, each of whole bytes, and in memory at once.</summary>
    public bool Fits(StoredTensor tensor) =>
        Block > 0 && Axis >= 0 && Axis < tensor.Proto.Dims.Count && tensor.Bits >= 8 && tensor.Size <= Array.MaxLength
        && tensor.Proto.Dims[Axis] % Block == 0 && tensor.Proto.Dims[Axis] / Block is > 1 and <= int.MaxValue;

    /// <summary>Puts channels in order: channel i becomes what channel <c>order[i]</c> was, or the other way round.</summary>
    /// <param name="tensor">Their tensor.</param>
    /// <param name="values">All its values, in place.</param>
    /// <param name="order">Every number below the count of channels once.</param>
    /// <param name="undo">Whether channel <c>order[i]</c> becomes what channel i was.</param>
    public void Permute(StoredTensor tensor, Span<byte> values, ReadOnlySpan<int> order, bool undo)
    {
        if (values.IsEmpty)
            return;
        int inner = tensor.Bits!.Value / 8 * Block;
        for (int axis = Axis + 1; axis < tensor.Proto.Dims.Count; axis++)
            inner *= (int)tensor.Proto.Dims[axis];
        int length = inner * order.Length;
        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> before = rented.AsSpan(0, length);
        for (; !values.IsEmpty; values = values[length..])
        {
            Span<byte> row = values[..length];
            row.CopyTo(before);
            Move(before, row, order, inner, undo);
        }
        before.Clear();
        ArrayPool<byte>.Shared.Return(rented);
    }

    // One element, as the layers of transformers and 1x1 convolutions have them, is moved as a number: a copy of bytes costs more than that.
    private static void Move(ReadOnlySpan<byte> from, Span<byte> to, ReadOnlySpan<int> order, int size, bool undo)
    {
        switch (size)
        {
            case sizeof(byte):
                Move(from, to, order, undo);
                break;
            case sizeof(ushort):
                Move(Cast<ushort>(from), Cast<ushort>(to), order, undo);
                break;
            case sizeof(uint):
                Move(Cast<uint>(from), Cast<uint>(to), order, undo);
                break;
            default:
                for (int i = 0; i < order.Length; i++)
                {
                    (int source, int target) = undo ? (i, order[i]) : (order[i], i);
                    from.Slice(source * size, size).CopyTo(to[(target * size)..]);
                }
                break;
        }
    }

    private static void Move<T>(ReadOnlySpan<T> from, Span<T> to, ReadOnlySpan<int> order, bool undo)
    {
        if (undo)
        {
            for (int i = 0; i < order.Length; i++)
                to[order[i]] = from[i];
        }
        else
        {
            for (int i = 0; i < order.Length; i++)
                to[i] = from[order[i]];
        }
    }

    private static ReadOnlySpan<T> Cast<T>(ReadOnlySpan<byte> bytes) where T : struct => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(bytes);

    private static Span<T> Cast<T>(Span<byte> bytes) where T : struct => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(bytes);
}
