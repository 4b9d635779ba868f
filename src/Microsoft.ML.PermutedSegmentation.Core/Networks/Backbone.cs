namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The network that turns an image into feature maps (He et al., "Deep Residual Learning for Image Recognition", 2016).
/// A deeper one is more accurate and slower; the paper uses <see cref="ResNet50"/>.
/// </summary>
public enum Backbone
{
    /// <summary>18 layers of basic blocks, 11 million weights.</summary>
    ResNet18,

    /// <summary>34 layers of basic blocks, 21 million weights.</summary>
    ResNet34,

    /// <summary>50 layers of bottleneck blocks, 24 million weights.</summary>
    ResNet50,

    /// <summary>101 layers of bottleneck blocks, 43 million weights.</summary>
    ResNet101,

    /// <summary>
    /// MobileNetV3-Large (Howard et al., "Searching for MobileNetV3", 2019), 3 million weights: for <see cref="SegmentationNetwork.LrAspp"/> only.
    /// </summary>
    MobileNetV3Large,
}
