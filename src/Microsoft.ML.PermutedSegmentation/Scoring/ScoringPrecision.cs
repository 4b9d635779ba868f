namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The numbers in which libtorch computes when a model scores. Weights in files are always of 32 bits.</summary>
public enum ScoringPrecision
{
    /// <summary>Floats of 32 bits.</summary>
    Single = 0,

    /// <summary>
    /// Weights and feature maps in bfloat16, a float of 16 bits with the range of one of 32; sums within a convolution, the one that reads the image and
    /// the class scores in 32. Made for GPUs and for processors with AVX512_BF16 or AMX; others only imitate it, many times slower.
    /// </summary>
    BFloat16 = 1,

    /// <summary>
    /// <see cref="BFloat16"/> if it proves itself on images of the model's own, and <see cref="Single"/> otherwise. It must take at most 0.9 of the time
    /// here; 99.9 % of all pixels must keep their labels; and the masks of both must have a mean IoU of 0.99, so that no rare class suffers.
    /// </summary>
    Auto = 2,
}
