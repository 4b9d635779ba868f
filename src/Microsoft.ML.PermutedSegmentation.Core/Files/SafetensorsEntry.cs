namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Start">Where its first byte is, counted from the end of the header.</param>
/// <param name="End">Where the byte behind its last one is.</param>
internal sealed record SafetensorsEntry(string Name, ElementType Type, long[] Shape, long Start, long End) : TensorEntry(Name, Type, Shape)
{
    public long Count => (End - Start) / Type.Size();
}
