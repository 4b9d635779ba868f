namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The kind of network that labels pixels: a backbone that makes feature maps, and a head that reads them.</summary>
public enum SegmentationNetwork
{
    /// <summary>
    /// A fully convolutional network (Long et al., "Fully Convolutional Networks for Semantic Segmentation", 2015), torchvision's
    /// <c>fcn_resnet50</c>: the paper's.
    /// </summary>
    Fcn,

    /// <summary>
    /// A network whose head reads several scales at once (Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation",
    /// 2017), torchvision's <c>deeplabv3_resnet50</c>: more accurate and slower.
    /// </summary>
    DeepLabV3,

    /// <summary>
    /// A light network for machines at the edge (Howard et al., "Searching for MobileNetV3", 2019), torchvision's
    /// <c>lraspp_mobilenet_v3_large</c>.
    /// </summary>
    LrAspp,
}
