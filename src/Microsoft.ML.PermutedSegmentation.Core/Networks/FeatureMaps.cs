namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The six feature maps of the network that a key can permute (paper, Fig. 3; numbered 1 to 6 in Table I). Combine them
/// with <c>|</c>. They are described for the FCN; docs/how-it-works.md lists those of the other networks.
/// </summary>
[Flags]
public enum FeatureMaps
{
    /// <summary>No map: an unprotected network, the paper's baseline.</summary>
    None = 0,

    /// <summary>Map 1: the stem's output, after its convolution, batch norm, ReLU and max pool.</summary>
    Stem = 1,

    /// <summary>Map 2: the output of the first residual stage.</summary>
    Stage1 = 2,

    /// <summary>Map 3: the output of the second residual stage.</summary>
    Stage2 = 4,

    /// <summary>Map 4: the output of the third residual stage.</summary>
    Stage3 = 8,

    /// <summary>Map 5: the output of the fourth residual stage.</summary>
    Stage4 = 16,

    /// <summary>Map 6: the head's map that its classifier reads, after its 3x3 convolution, batch norm and ReLU.</summary>
    Head = 32,

    /// <summary>All six maps.</summary>
    All = Stem | Stage1 | Stage2 | Stage3 | Stage4 | Head,
}
