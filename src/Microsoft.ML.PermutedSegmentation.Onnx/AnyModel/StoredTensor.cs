using System.Buffers.Binary;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>A tensor of an ONNX file, and where in the file it is.</summary>
/// <param name="scope">The graph that it belongs to.</param>
/// <param name="name">Its name in that graph.</param>
/// <param name="proto">The tensor; its values may lie in another file.</param>
internal sealed class StoredTensor(GraphScope scope, TensorName name, TensorProto proto)
{
    /// <summary>More dimensions are not read.</summary>
    public const int LargestRank = 64;

    public TensorProto Proto { get; } = proto;

    /// <summary>Its name in the whole file. It is put together when it is asked for: a file may have very many.</summary>
    public string Id => scope.Path + name;

    public bool IsExternal => Proto.DataLocation == DataLocation.External;

    /// <summary>Bits of one element; null for strings.</summary>
    public int? Bits => ElementBits.Of((DataType)Proto.DataType);

    /// <summary>Bytes of all values, as the shape says; null for strings.</summary>
    /// <exception cref="InvalidDataException">The shape is impossible.</exception>
    public long? Size
    {
        get
        {
            if (Bits is not { } bits)
                return IsKnownOrEmpty ? null : throw new InvalidDataException($"The tensor '{Id}' has elements of type {Proto.DataType}, which is not known.");
            if (Proto.Dims.Count > LargestRank)
                throw new InvalidDataException($"The tensor '{Id}' has {Proto.Dims.Count} dimensions; at most {LargestRank} are possible.");
            UInt128 elements = 1;
            foreach (long length in Proto.Dims)
            {
                if (length < 0 || (elements *= (ulong)length) > long.MaxValue / 128)
                    throw new InvalidDataException($"The tensor '{Id}' has the shape [{string.Join(", ", Proto.Dims)}], which is impossible.");
            }
            return (long)((elements * (ulong)bits + 7) / 8);
        }
    }

    /// <summary>The values that lie in the ONNX file itself, as bytes in little-endian order: a copy.</summary>
    /// <exception cref="InvalidDataException">There are more or fewer than the shape says.</exception>
    public byte[] ReadOwn()
    {
        long size = Size ?? 0;
        long stored = Proto.RawData.Length > 0 ? Proto.RawData.Length : TypedSize();
        if (stored != size)
            throw new InvalidDataException($"The tensor '{Id}' has {stored} bytes of values, but {size} for the shape [{string.Join(", ", Proto.Dims)}].");
        return Proto.RawData.Length > 0 ? Proto.RawData.ToByteArray() : ReadTyped(new byte[size]);
    }

    /// <summary>Replaces the values; they lie in the ONNX file from now on.</summary>
    /// <param name="values">They are not copied.</param>
    public void WriteOwn(byte[] values)
    {
        Clear();
        Proto.RawData = UnsafeByteOperations.UnsafeWrap(values);
    }

    /// <summary>Says that the values lie in a file beside the ONNX file.</summary>
    public void WriteExternal(string location, long offset, long length)
    {
        Clear();
        Proto.DataLocation = DataLocation.External;
        foreach ((string key, string value) in new[] { ("location", location), ("offset", $"{offset}"), ("length", $"{length}") })
            Proto.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    private void Clear()
    {
        Proto.DataLocation = DataLocation.Default;
        Proto.ExternalData.Clear();
        Proto.RawData = ByteString.Empty;
        Proto.FloatData.Clear();
        Proto.DoubleData.Clear();
        Proto.Int32Data.Clear();
        Proto.Int64Data.Clear();
        Proto.Uint64Data.Clear();
    }

    private bool IsKnownOrEmpty => (DataType)Proto.DataType == DataType.String || (!IsExternal && Proto.RawData.IsEmpty
        && Proto.FloatData.Count + Proto.DoubleData.Count + Proto.Int32Data.Count + Proto.Int64Data.Count + Proto.Uint64Data.Count == 0);

    // The schema says which field holds which type; all but one are empty.
    private long TypedSize() => (DataType)Proto.DataType switch
    {
        DataType.Float or DataType.Complex64 => (long)Proto.FloatData.Count * sizeof(float),
        DataType.Double or DataType.Complex128 => (long)Proto.DoubleData.Count * sizeof(double),
        DataType.Int64 => (long)Proto.Int64Data.Count * sizeof(long),
        DataType.Uint32 or DataType.Uint64 => (long)Proto.Uint64Data.Count * Width,
        _ => (long)Proto.Int32Data.Count * Width,
    };

    // What is smaller than a byte is packed into bytes.
    private int Width => Math.Max(1, Bits!.Value / 8);

    private byte[] ReadTyped(byte[] bytes)
    {
        switch ((DataType)Proto.DataType)
        {
            case DataType.Float or DataType.Complex64:
                Convert(Proto.FloatData, bytes, value => BitConverter.SingleToUInt32Bits(value), sizeof(float));
                break;
            case DataType.Double or DataType.Complex128:
                Convert(Proto.DoubleData, bytes, BitConverter.DoubleToUInt64Bits, sizeof(double));
                break;
            case DataType.Int64:
                Convert(Proto.Int64Data, bytes, value => (ulong)value, sizeof(long));
                break;
            case DataType.Uint32 or DataType.Uint64:
                Convert(Proto.Uint64Data, bytes, value => value, Width);
                break;
            default:
                Convert(Proto.Int32Data, bytes, value => (uint)value, Width);
                break;
        }
        return bytes;
    }

    private static void Convert<T>(RepeatedField<T> values, Span<byte> bytes, Func<T, ulong> bitsOf, int width)
    {
        Span<byte> buffer = stackalloc byte[sizeof(ulong)];
        for (int i = 0; i < values.Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, bitsOf(values[i]));
            buffer[..width].CopyTo(bytes[(i * width)..]);
        }
    }
}
