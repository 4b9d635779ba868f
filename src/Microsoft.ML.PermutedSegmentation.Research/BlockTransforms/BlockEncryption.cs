namespace Microsoft.ML.PermutedSegmentation.BlockTransforms;

/// <summary>All that is stored of a block-wise encryption. Nothing of it is secret.</summary>
/// <param name="Scheme">How images are encrypted.</param>
/// <param name="Salt">Makes one key encrypt differently in two models (16 bytes).</param>
/// <param name="Fingerprint">Tells a wrong key from the right one (8 bytes); null when it is not stored.</param>
internal sealed record BlockEncryption(BlockScheme Scheme, byte[] Salt, byte[]? Fingerprint)
{
    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    public bool? Matches(PermutationKey key) => KeyVerification.Matches(key, Salt, Fingerprint);

    /// <summary>The transform under a key, right or wrong.</summary>
    public BlockTransform Derive(PermutationKey key) => Scheme.Derive(key, Salt);

    public void Write(BinaryWriter writer)
    {
        writer.Write((byte)Scheme.Method);
        writer.Write(Scheme.BlockSize);
        writer.Write(Salt);
        writer.Write(Fingerprint is not null);
        writer.Write(Fingerprint ?? []);
    }

    /// <summary>Reads and checks what <see cref="Write"/> wrote; the bytes are hostile until then.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a description of a block-wise encryption.</exception>
    public static BlockEncryption Read(BinaryReader reader)
    {
        try
        {
            BlockScheme scheme = BlockScheme.Of((BlockTransformMethod)reader.ReadByte(), reader.ReadInt32());
            byte[] salt = new byte[PermutationKey.ModelSaltSizeInBytes], fingerprint = new byte[PermutationKey.FingerprintSizeInBytes];
            reader.BaseStream.ReadExactly(salt);
            bool hasFingerprint = reader.ReadBoolean();
            if (hasFingerprint)
                reader.BaseStream.ReadExactly(fingerprint);
            return new BlockEncryption(scheme, salt, hasFingerprint ? fingerprint : null);
        }
        catch (EndOfStreamException)
        {
            throw Damaged("It ends too early.");
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw Damaged(exception.Message);
        }
    }

    private static InvalidDataException Damaged(string why) => new($"The saved {nameof(BlockwiseEncryptingTransformer)} is damaged. {why}");
}
