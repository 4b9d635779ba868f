using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>All that is stored of a block-wise encryption. Nothing of it is secret.</summary>
/// <param name="Method">What happens to a block.</param>
/// <param name="BlockSize">M, height and width of a block in pixels.</param>
/// <param name="Salt">Makes one key encrypt differently in two models (16 bytes).</param>
/// <param name="Fingerprint">Tells a wrong key from the right one (8 bytes); null when it is not stored.</param>
internal sealed record BlockEncryption(BlockTransformMethod Method, int BlockSize, byte[] Salt, byte[]? Fingerprint)
{
    public const int SmallestBlock = 2;

    // Keeps a hostile file from asking for gigabytes; a permutation of 12.6 million values takes 50 MB.
    public const int LargestBlock = 2048;

    private const int FingerprintSize = 8;

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    public bool? Matches(PermutationKey key)
        => Fingerprint is null ? null : CryptographicOperations.FixedTimeEquals(Fingerprint, key.GetFingerprint(Salt));

    /// <summary>The transform under a key, right or wrong.</summary>
    public BlockTransform Derive(PermutationKey key) => BlockTransform.Derive(Method, BlockSize, key, Salt);

    /// <summary>Says what is wrong with an image size, and what would be right; null when blocks fill it exactly.</summary>
    public string? FindProblem(int height, int width)
    {
        if (height % BlockSize == 0 && width % BlockSize == 0)
            return null;
        int[] fitting = [.. Enumerable.Range(SmallestBlock, LargestBlock - 1).Where(size => height % size == 0 && width % size == 0)];
        string otherwise = fitting.Length == 0 ? "" : $", or choose a block size that does ({string.Join(", ", fitting)})";
        return $"{height}x{width} (height x width), and the block size {BlockSize} does not divide both; resize images to multiples of {BlockSize}{otherwise}.";
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write((byte)Method);
        writer.Write(BlockSize);
        writer.Write(Salt);
        writer.Write(Fingerprint is not null);
        writer.Write(Fingerprint ?? []);
    }

    /// <summary>Reads and checks what <see cref="Write"/> wrote; the bytes are hostile until then.</summary>
    /// <exception cref="InvalidDataException">The bytes are no description of a block-wise encryption.</exception>
    public static BlockEncryption Read(BinaryReader reader)
    {
        try
        {
            var method = (BlockTransformMethod)reader.ReadByte();
            if (!Enum.IsDefined(method))
                throw Damaged($"{(int)method} is no method");
            int blockSize = reader.ReadInt32();
            if (blockSize is < SmallestBlock or > LargestBlock)
                throw Damaged($"{blockSize} is no block size");
            byte[] salt = new byte[PermutationKey.ModelSaltSizeInBytes], fingerprint = new byte[FingerprintSize];
            reader.BaseStream.ReadExactly(salt);
            bool hasFingerprint = reader.ReadBoolean();
            if (hasFingerprint)
                reader.BaseStream.ReadExactly(fingerprint);
            return new BlockEncryption(method, blockSize, salt, hasFingerprint ? fingerprint : null);
        }
        catch (EndOfStreamException)
        {
            throw Damaged("it ends too early");
        }
    }

    private static InvalidDataException Damaged(string why) => new($"The saved {nameof(BlockwiseEncryptingTransformer)} is damaged: {why}.");
}
