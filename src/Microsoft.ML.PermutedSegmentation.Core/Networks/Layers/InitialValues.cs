namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>Where a convolution's weights start.</summary>
public enum InitialValues
{
    /// <summary>Normal, by the number of outputs (He et al., "Delving Deep into Rectifiers", 2015), and a bias of 0: torchvision's backbones.</summary>
    NormalByOutputs,

    /// <summary>Uniform, weights and bias alike, by the number of inputs: PyTorch's default, which torchvision's heads have.</summary>
    UniformByInputs,
}
