using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation;

// What is derived from a key, for one model or one file each.
public sealed partial class PermutationKey
{
    /// <summary>
    /// Derives the permutation α of one feature map (Eq. 2, 0-based): channel i of the permuted map is channel α[i] of the
    /// plain one, x'[i] = x[α[i]].
    /// </summary>
    /// <remarks>
    /// A Fisher-Yates shuffle driven by AES-256 in counter mode, whose key is
    /// HKDF-SHA256(key, model salt, "PermutedSegmentation/v1/feature-map/{featureMap}/{channels}") (RFC 5869).
    /// </remarks>
    /// <param name="modelSalt">The 16 random bytes stored with the model.</param>
    /// <param name="featureMap">The map's number in Fig. 3, 1 (after the stem) to 6 (in the head).</param>
    /// <param name="channels">The number of channels of the map, at least 1.</param>
    /// <returns>Every number from 0 to <paramref name="channels"/> - 1 once.</returns>
    /// <exception cref="ArgumentException">The salt has not 16 bytes, or a number is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public int[] GetChannelPermutation(ReadOnlySpan<byte> modelSalt, int featureMap, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(featureMap, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(featureMap, FeatureMapCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);

        return DrawPermutation(modelSalt, FormattableString.Invariant($"feature-map/{featureMap}/{channels}"), channels);
    }

    /// <summary>
    /// Derives the order of a tensor's input channels in a protected ONNX file: channel i there is channel α[i] of the original. Drawn as
    /// <see cref="GetChannelPermutation"/> does, under HKDF-SHA256(key, salt, "PermutedSegmentation/v1/onnx/{channels}/{tensor}").
    /// </summary>
    /// <param name="salt">The 16 random bytes stored with the file.</param>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="channels">The number of its input channels, at least 1.</param>
    /// <returns>Every number from 0 to <paramref name="channels"/> - 1 once.</returns>
    /// <exception cref="ArgumentException">The salt has not 16 bytes, or a number is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public int[] GetTensorPermutation(ReadOnlySpan<byte> salt, string tensor, int channels)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        return DrawPermutation(salt, FormattableString.Invariant($"onnx/{channels}/{tensor}"), channels);
    }

    /// <summary>
    /// Eight bytes that tell whether a key is the one a model was made with, and nothing about the key itself:
    /// HKDF-SHA256(key, model salt, "PermutedSegmentation/v1/fingerprint").
    /// </summary>
    /// <param name="modelSalt">The 16 random bytes stored with the model.</param>
    /// <exception cref="ArgumentException">The salt has not 16 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public byte[] GetFingerprint(ReadOnlySpan<byte> modelSalt)
    {
        byte[] fingerprint = new byte[FingerprintSizeInBytes];
        Derive(modelSalt, "fingerprint", fingerprint);
        return fingerprint;
    }

    /// <summary>
    /// Encrypts and authenticates one file, with keys from
    /// HKDF-SHA256(key, model salt, "PermutedSegmentation/v1/checkpoint/{nonce in hexadecimal}"): 32 bytes for AES-256, 32 for the HMAC.
    /// </summary>
    /// <param name="modelSalt">The 16 random bytes stored with the model.</param>
    /// <param name="nonce">Random bytes that no other file was sealed with.</param>
    internal FileSeal CreateSeal(ReadOnlySpan<byte> modelSalt, ReadOnlySpan<byte> nonce) => FileSeal.Create(this, modelSalt, "checkpoint/" + Convert.ToHexStringLower(nonce));

    /// <summary>A separate order for each purpose: every number from 0 to count - 1 once.</summary>
    internal int[] DrawPermutation(ReadOnlySpan<byte> modelSalt, string purpose, int count)
    {
        Span<byte> streamKey = stackalloc byte[KeyedRandomStream.KeySizeInBytes];
        try
        {
            Derive(modelSalt, purpose, streamKey);
            using var random = new KeyedRandomStream(streamKey);
            int[] permutation = new int[count];
            for (int i = 0; i < count; i++)
                permutation[i] = i;
            for (int i = count - 1; i > 0; i--)
            {
                int j = (int)random.NextBelow((uint)i + 1);
                (permutation[i], permutation[j]) = (permutation[j], permutation[i]);
            }
            return permutation;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(streamKey);
        }
    }

    /// <summary>Fills a span with separate bytes for each purpose. They are as secret as the key.</summary>
    internal void Derive(ReadOnlySpan<byte> modelSalt, string purpose, Span<byte> output)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (modelSalt.Length != ModelSaltSizeInBytes)
            throw new ArgumentException($"The salt of a model has {ModelSaltSizeInBytes} bytes, but {modelSalt.Length} were given.", nameof(modelSalt));
        byte[] info = Encoding.UTF8.GetBytes("PermutedSegmentation/v1/" + purpose);
        Span<byte> copy = stackalloc byte[SizeInBytes];
        try
        {
            CopyTo(copy);
            HKDF.DeriveKey(HashAlgorithmName.SHA256, copy, output, modelSalt, info);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }
}
