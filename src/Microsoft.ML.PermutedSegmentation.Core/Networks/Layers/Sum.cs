namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>The sum of a branch and a shortcut, and an activation. The branch is a convolution without an activation that nothing else reads.</summary>
public sealed class Sum : Layer
{
    internal Sum(Convolution branch, Layer shortcut, Activation activation) : base([branch, shortcut], branch.Channels, branch.Stride) =>
        (Branch, Activation) = (branch, activation);

    /// <summary>The first of the inputs.</summary>
    public Convolution Branch { get; }

    /// <summary>The second of the inputs.</summary>
    public Layer Shortcut => Inputs[1];

    /// <summary>What happens to each sum.</summary>
    public Activation Activation { get; }
}
