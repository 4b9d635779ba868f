using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>What the conventional method (block-wise encryption of images) takes from a key.</summary>
internal static class BlockKeys
{
    private const int ValuesPerPixel = 3;
    private const int ByteValues = 256;

    /// <summary>
    /// An order of the 3·M·M values of a block, drawn like the permutation of a feature map from
    /// HKDF-SHA256(key, salt, "PermutedSegmentation/v1/block/{purpose}/{M}").
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="salt">The 16 random bytes stored with the transform.</param>
    /// <param name="purpose">What it is for; two purposes get unrelated orders.</param>
    /// <param name="blockSize">M, height and width of a block in pixels.</param>
    public static int[] GetBlockOrder(this PermutationKey key, ReadOnlySpan<byte> salt, string purpose, int blockSize)
        => key.DrawPermutation(salt, FormattableString.Invariant($"block/{purpose}/{blockSize}"), ValuesPerPixel * blockSize * blockSize);

    /// <summary>
    /// The format-preserving encryption of the numbers 0 to 255 as three decimal digits: FF1 with AES-256, whose key is
    /// HKDF-SHA256(key, salt, "PermutedSegmentation/v1/block/ffx-key"), and an empty tweak.
    /// </summary>
    /// <returns>256 different numbers from 0 to 999.</returns>
    public static int[] GetThreeDigitCodes(this PermutationKey key, ReadOnlySpan<byte> salt)
    {
        Span<byte> cipherKey = stackalloc byte[PermutationKey.SizeInBytes];
        try
        {
            key.Derive(salt, "block/ffx-key", cipherKey);
            using var cipher = new Ff1(cipherKey, radix: 10);
            int[] codes = new int[ByteValues];
            for (int value = 0; value < codes.Length; value++)
            {
                int[] digits = cipher.Encrypt([value / 100, value / 10 % 10, value % 10], tweak: []);
                codes[value] = 100 * digits[0] + 10 * digits[1] + digits[2];
            }
            return codes;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(cipherKey);
        }
    }
}
