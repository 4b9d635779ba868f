namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>What a tensor of a network's state is.</summary>
public enum ParameterRole
{
    /// <summary>The weights of a convolution.</summary>
    Weight,

    /// <summary>The bias of a convolution.</summary>
    Bias,

    /// <summary>What batch norm multiplies by.</summary>
    NormWeight,

    /// <summary>What batch norm adds.</summary>
    NormBias,

    /// <summary>The running mean of batch norm; a statistic, not learned.</summary>
    RunningMean,

    /// <summary>The running variance of batch norm; a statistic, not learned.</summary>
    RunningVariance,
}
