namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The place where a key permutes a feature map (paper, Fig. 4). The map itself passes through: what a key changes are the weights that read it.</summary>
public sealed class KeyedMap : Layer
{
    internal KeyedMap(Layer input, FeatureMaps map) : base([input], input.Channels, input.Stride) => Map = map;

    /// <summary>Which of the six maps it is.</summary>
    public FeatureMaps Map { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Layer> Carried => [];
}
