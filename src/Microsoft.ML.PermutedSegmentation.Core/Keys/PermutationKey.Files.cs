using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation;

// How a key seals what is written while a model is being trained with it.
public sealed partial class PermutationKey
{
    /// <summary>
    /// Encrypts and authenticates one file, with keys from
    /// HKDF-SHA256(key, model salt, "PermutedSegmentation/v1/checkpoint/{nonce in hexadecimal}"): 32 bytes for AES-256, 32 for the HMAC.
    /// </summary>
    /// <param name="modelSalt">The 16 random bytes stored with the model.</param>
    /// <param name="nonce">Random bytes that no other file was sealed with.</param>
    internal FileSeal CreateSeal(ReadOnlySpan<byte> modelSalt, ReadOnlySpan<byte> nonce)
    {
        Span<byte> keys = stackalloc byte[FileSeal.KeysSizeInBytes];
        try
        {
            Derive(modelSalt, "checkpoint/" + Convert.ToHexStringLower(nonce), keys);
            return new FileSeal(keys);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }
}
