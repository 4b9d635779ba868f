using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>What the elements of a stored tensor are: what a network or its training leaves in a state dict, and bytes.</summary>
internal enum ElementType
{
    Float32,
    Float16,

    /// <summary>The upper half of a 32-bit float.</summary>
    BFloat16,
    Float64,
    Int64,
    UInt8,
}

/// <summary>The element types' sizes, their names in safetensors files, and their values as floats.</summary>
internal static class ElementTypes
{
    private const int ConvertedAtOnce = 1 << 16;

    private static readonly (ElementType Type, string Name, int Size)[] All =
    [
        (ElementType.Float32, "F32", 4), (ElementType.Float16, "F16", 2), (ElementType.BFloat16, "BF16", 2),
        (ElementType.Float64, "F64", 8), (ElementType.Int64, "I64", 8), (ElementType.UInt8, "U8", 1),
    ];

    /// <summary>All names, for a message.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(entry => entry.Name));

    /// <summary>The type of a name; null: there is none.</summary>
    public static ElementType? Find(string name) => Array.FindIndex(All, entry => entry.Name == name) is >= 0 and var index ? All[index].Type : null;

    public static string Name(this ElementType type) => All[(int)type].Name;

    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => All[(int)type].Size;

    public static bool IsFloat(this ElementType type) => type is not (ElementType.Int64 or ElementType.UInt8);

    /// <summary>Reads as many elements as 32-bit floats, as PyTorch converts them; without a copy where they are stored as such.</summary>
    /// <exception cref="EndOfStreamException">There are not as many.</exception>
    public static void ReadFloats(this ElementType type, Stream stream, Span<float> values)
    {
        if (type == ElementType.Float32)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(values));
            return;
        }
        int size = type.Size();
        byte[] buffer = new byte[Math.Min(ConvertedAtOnce, (long)values.Length * size)];
        while (!values.IsEmpty)
        {
            Span<float> part = values[..Math.Min(buffer.Length / size, values.Length)];
            Span<byte> bytes = buffer.AsSpan(0, part.Length * size);
            stream.ReadExactly(bytes);
            type.ToFloats(bytes, part);
            values = values[part.Length..];
        }
    }

    /// <summary>The elements in some bytes as 32-bit floats, as PyTorch converts them.</summary>
    public static void ToFloats(this ElementType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (type)
        {
            case ElementType.Float32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            case ElementType.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                break;
            case ElementType.BFloat16:
                ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                break;
            case ElementType.Float64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(bytes), values);
                break;
            case ElementType.Int64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, long>(bytes), values);
                break;
            default:
                TensorPrimitives.ConvertTruncating(bytes, values);
                break;
        }
    }
}
