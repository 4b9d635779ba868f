using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Keys;

/// <summary>
/// Keeps the content of a file secret and finds changes: AES-256 in counter mode, and HMAC-SHA256 over what is then in the file
/// (encrypt, then authenticate). Without a key nothing is encrypted, and SHA-256 finds damage, but no forgery.
/// </summary>
/// <remarks>
/// AES-GCM would do both at once, but .NET's takes a message whole: a file of some hundred megabytes would have to be cut into parts, whose order and
/// number need protection in turn. And without a key the same code must give a plain checksum.
/// </remarks>
public sealed class FileSeal : IDisposable
{
    /// <summary>Bytes of the two keys together.</summary>
    internal const int KeysSizeInBytes = KeyedRandomStream.KeySizeInBytes + SHA256.HashSizeInBytes;

    private readonly KeyedRandomStream? _stream;
    private readonly IncrementalHash _hash;

    /// <summary>A seal without a key.</summary>
    internal FileSeal() => _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>A seal with a key for each of its two purposes. They may never serve another file, or another version of the same.</summary>
    internal FileSeal(ReadOnlySpan<byte> keys)
    {
        _stream = new KeyedRandomStream(keys[..KeyedRandomStream.KeySizeInBytes]);
        _hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, keys[KeyedRandomStream.KeySizeInBytes..KeysSizeInBytes]);
    }

    /// <summary>
    /// A seal for one file, with keys from HKDF-SHA256(key, salt, "PermutedSegmentation/v1/{purpose}"): 32 bytes for AES-256, 32 for the HMAC.
    /// </summary>
    /// <param name="key">The key, right or wrong.</param>
    /// <param name="salt">16 random bytes that no other file, nor another version of it, was sealed with.</param>
    /// <param name="purpose">What kind of file it is.</param>
    /// <exception cref="ArgumentException">The salt has not 16 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static FileSeal Create(PermutationKey key, ReadOnlySpan<byte> salt, string purpose)
    {
        ArgumentNullException.ThrowIfNull(key);
        Span<byte> keys = stackalloc byte[KeysSizeInBytes];
        try
        {
            key.Derive(salt, purpose, keys);
            return new FileSeal(keys);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    /// <summary>Encrypts or decrypts, in place, the bytes behind those of the call before.</summary>
    /// <param name="bytes">Any number of them.</param>
    public void Transform(Span<byte> bytes) => _stream?.Xor(bytes);

    /// <summary>Adds bytes to the digest, as they are in the file.</summary>
    /// <param name="bytes">Any number of them.</param>
    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>The digest of all that was appended (32 bytes); a new one begins.</summary>
    public byte[] GetDigest() => _hash.GetHashAndReset();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _hash.Dispose();
    }
}
