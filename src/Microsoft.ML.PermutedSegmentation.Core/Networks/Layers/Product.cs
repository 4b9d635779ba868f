namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>A map of which each channel is multiplied by one number, as squeeze-and-excitation does (Hu et al., 2018).</summary>
public sealed class Product : Layer
{
    internal Product(Layer map, Layer factors) : base([map, factors], map.Channels, map.Stride)
    {
    }
}
