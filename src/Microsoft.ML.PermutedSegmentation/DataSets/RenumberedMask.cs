namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>A mask file whose values stand for other classes.</summary>
/// <param name="Path">An indexed or grey PNG.</param>
/// <param name="Classes">The class of each of 256 values; null for a value that must not be there.</param>
internal sealed record RenumberedMask(string Path, byte?[] Classes) : PaintedMask(Path)
{
    /// <inheritdoc/>
    public override string Numbering => string.Join(',', Classes);

    /// <inheritdoc/>
    public override byte[] Paint(int height, int width, Action<string> warn)
    {
        var (values, maskHeight, maskWidth) = IndexedPng.Read(Path);
        if ((maskHeight, maskWidth) != (height, width))
            throw Bad($"it has {maskHeight} x {maskWidth} pixels (height x width), its image {height} x {width}; they should be the same.{MaskShape.ExplainTurn((maskHeight, maskWidth), (height, width))}");
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Classes[values[i]]
                ?? throw Bad($"pixel (x = {i % width}, y = {i / width}) has the value {values[i]}, which is no class.");
        }
        return values;
    }
}
