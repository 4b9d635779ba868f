using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A safetensors file to read tensors from, as many of them as are wanted.</summary>
/// <param name="stream">The whole file, at its start; it stays the caller's.</param>
/// <exception cref="InvalidDataException">The stream is not a safetensors file, or is damaged.</exception>
internal sealed class SafetensorsFile(Stream stream)
{
    private const int ConvertedAtOnce = 1 << 16;

    /// <summary>What the file holds, checked.</summary>
    public SafetensorsHeader Header { get; } = SafetensorsHeader.Read(stream, stream.Length);

    /// <summary>Reads the values of an entry as 32-bit floats, without a copy where they are stored as such.</summary>
    /// <param name="entry">One of the header's.</param>
    /// <param name="values">As many as the entry has.</param>
    public void Read(SafetensorsEntry entry, Span<float> values)
    {
        stream.Position = Header.DataStart + entry.Start;
        if (entry.Type == ElementType.Float32)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(values));
            return;
        }
        int size = entry.Type.Size();
        byte[] buffer = new byte[Math.Min(ConvertedAtOnce, values.Length * size)];
        while (!values.IsEmpty)
        {
            Span<float> part = values[..Math.Min(buffer.Length / size, values.Length)];
            Span<byte> bytes = buffer.AsSpan(0, part.Length * size);
            stream.ReadExactly(bytes);
            entry.Type.ToFloats(bytes, part);
            values = values[part.Length..];
        }
    }
}
