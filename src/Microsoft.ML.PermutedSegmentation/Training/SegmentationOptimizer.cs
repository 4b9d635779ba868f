namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How a training turns gradients into steps.</summary>
public enum SegmentationOptimizer
{
    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019): forgiving, and good from pretrained weights.</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum, as in the paper.</summary>
    Sgd,
}
