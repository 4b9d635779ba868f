using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Weights;

/// <summary>A safetensors file to read tensors from, as many of them as are wanted.</summary>
/// <param name="stream">The whole file, at its start; it stays the caller's.</param>
/// <exception cref="InvalidDataException">The stream is no safetensors file, or damaged.</exception>
internal sealed class SafetensorsFile(Stream stream)
{
    /// <summary>What the file holds, checked.</summary>
    public SafetensorsHeader Header { get; } = SafetensorsHeader.Read(stream);

    /// <summary>The values of an entry as a new CPU tensor of 32-bit floats.</summary>
    public Tensor Read(SafetensorsEntry entry)
    {
        using var scope = NewDisposeScope();
        Tensor tensor = empty(entry.Shape, entry.Type, CPU);
        stream.Position = Header.DataStart + entry.Start;
        stream.ReadExactly(tensor.bytes);
        return tensor.to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Writes tensors of any device, one after the other. The file appears only once it is complete; one that is there is replaced.</summary>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        WholeFile.Write(path, stream =>
        {
            stream.Write(SafetensorsHeader.Write(tensors.Select(entry => (entry.Name, entry.Value.dtype, entry.Value.shape)), metadata));
            foreach ((_, Tensor value) in tensors)
            {
                using Tensor onCpu = value.cpu();
                using Tensor inOrder = onCpu.contiguous();
                stream.Write(inOrder.bytes);
            }
        });
    }
}
