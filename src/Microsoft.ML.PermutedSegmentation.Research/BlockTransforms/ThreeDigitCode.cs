namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>
/// The table of the FFX method: each value of a byte and the integer of three decimal digits that format-preserving
/// encryption makes of it. Exact in both directions.
/// </summary>
/// <remarks>
/// FF1 asks for at least 1000000 possible messages (NIST SP 800-38G revision 1; 100 in its first edition), and three digits
/// make 1000. The attacks on small domains that the limit answers find out what messages encrypt to, from many tweaks and
/// encryptions. Here there is one tweak, and nothing for them to add: whoever has one image with its encryption reads the
/// table off, and statistics of encrypted images alone give much of it away, with any cipher. That is a weakness of the
/// conventional method. The AES key behind the table, and the key that it was derived from, are not found that way.
/// </remarks>
/// <param name="codes">256 different numbers from 0 to 999: what 0 to 255 become.</param>
internal sealed class ThreeDigitCode(int[] codes)
{
    /// <summary>The largest code, at least 255: what values are divided by.</summary>
    public int Largest { get; } = codes.Max();

    public int Encrypt(byte value) => codes[value];

    /// <exception cref="ArgumentOutOfRangeException">No value has this code.</exception>
    public byte Decrypt(int code)
    {
        int value = Array.IndexOf(codes, code);
        return value >= 0 ? (byte)value : throw new ArgumentOutOfRangeException(nameof(code), code, "No value of a byte has this code.");
    }

    /// <summary>The share of <see cref="Largest"/> that a number is, in units of a byte: 0 to 255 for codes.</summary>
    public float Scale(int number) => (float)byte.MaxValue * number / Largest;
}
