namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The two kinds of block that a residual network is made of.</summary>
public enum ResidualBlock
{
    /// <summary>Two 3x3 convolutions (ResNet-18 and 34).</summary>
    Basic,

    /// <summary>1x1, 3x3 and 1x1 convolutions, the last with four times the channels (ResNet-50 and 101).</summary>
    Bottleneck,
}
