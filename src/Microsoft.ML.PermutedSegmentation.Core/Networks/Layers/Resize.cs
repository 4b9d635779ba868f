namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>A map resized bilinearly, between pixel centres, to the size of another.</summary>
public sealed class Resize : Layer
{
    internal Resize(Layer map, Layer like) : base([map, like], map.Channels, like.Stride)
    {
    }

    /// <summary>The map that has the size.</summary>
    public Layer Like => Inputs[1];

    /// <inheritdoc/>
    public override IReadOnlyList<Layer> Carried => [Inputs[0]];
}
