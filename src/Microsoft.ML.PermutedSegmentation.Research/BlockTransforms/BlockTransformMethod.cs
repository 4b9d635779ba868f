namespace Microsoft.ML.PermutedSegmentation;

/// <summary>How the conventional method encrypts a block of M x M pixels, 3·M·M values (paper, Sec. III-D, and its [24]).</summary>
public enum BlockTransformMethod
{
    /// <summary>SHF: the values of a block change places, by one keyed permutation.</summary>
    Shuffle,

    /// <summary>NP: v becomes 255 - v at half of the places, chosen by the key.</summary>
    NegativePositive,

    /// <summary>
    /// FFX: v becomes an integer of three decimal digits at half of the places, chosen by the key, through a table made
    /// once by format-preserving encryption (FF1 of NIST SP 800-38G); then all values, encrypted or not, are divided by the
    /// largest of the table.
    /// </summary>
    /// <remarks>
    /// A network that <c>Trainers.BlockwiseEncrypted</c> trains reads 255 times the quotient as it is. As an image it is rounded,
    /// since 8 bits per channel do not hold three digits. That cannot be decrypted: about a third of the encrypted values and
    /// three quarters of the others become equal to another value.
    /// </remarks>
    FormatPreserving,
}
