namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The channels of several maps, one map after the other.</summary>
public sealed class Concatenation : Layer
{
    internal Concatenation(IReadOnlyList<Layer> maps) : base(maps, maps.Sum(map => map.Channels), maps[0].Stride)
    {
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Layer> Carried => [];
}
