namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A tensor as the header of a safetensors file describes it, checked.</summary>
/// <param name="Name">Its name, short and without control characters.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its sizes; none for a scalar.</param>
/// <param name="Start">Where its first byte is, counted from the end of the header.</param>
/// <param name="End">Where the byte behind its last one is.</param>
internal sealed record SafetensorsEntry(string Name, ElementType Type, long[] Shape, long Start, long End)
{
    public long Count => (End - Start) / Type.Size();
}
