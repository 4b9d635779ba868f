namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The function that a layer applies to each value at its end.</summary>
public enum Activation
{
    /// <summary>None.</summary>
    None,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>x max(0, min(6, x + 3)) / 6 (Howard et al., "Searching for MobileNetV3", 2019).</summary>
    Hardswish,

    /// <summary>max(0, min(6, x + 3)) / 6.</summary>
    Hardsigmoid,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,
}
