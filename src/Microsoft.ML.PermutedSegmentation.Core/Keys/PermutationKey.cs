using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The secret that protects a model: 32 bytes, from which the permutation α of every protected feature map is derived
/// (the key K of the paper, Sec. II).
/// </summary>
/// <remarks>
/// The bytes live in one pinned array, which <see cref="Dispose"/> overwrites with zeros. They are never printed,
/// serialised or put into an exception; only <see cref="Save(string)"/> and <see cref="Save(Stream)"/> write them. Members may be called from several
/// threads at once, but not while another thread disposes the key.
/// </remarks>
[DebuggerDisplay("PermutationKey (hidden)")]
public sealed partial class PermutationKey : IDisposable
{
    /// <summary>The length of a key, in bytes.</summary>
    public const int SizeInBytes = 32;

    internal const int ModelSaltSizeInBytes = 16;
    internal const int FeatureMapCount = 6;
    internal const int FingerprintSizeInBytes = 8;
    private const int MinimumPassphraseSaltSizeInBytes = 8;
    private const int PassphraseIterations = 600_000;

    // Pinned, so that the garbage collector leaves no copies behind when it moves objects.
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _bytes = GC.AllocateArray<byte>(SizeInBytes, pinned: true);

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private bool _disposed;

    private PermutationKey()
    {
    }

    /// <summary>Makes a new key with the operating system's cryptographic random generator.</summary>
    public static PermutationKey Generate()
    {
        var key = new PermutationKey();
        RandomNumberGenerator.Fill(key._bytes);
        return key;
    }

    /// <summary>Makes a key from the given bytes; they are copied, and clearing the original is up to the caller.</summary>
    /// <param name="key">Exactly <see cref="SizeInBytes"/> bytes that cannot be guessed.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> has another length.</exception>
    public static PermutationKey FromBytes(ReadOnlySpan<byte> key)
    {
        if (key.Length != SizeInBytes)
            throw new ArgumentException($"A permutation key has {SizeInBytes} bytes, but {key.Length} were given.", nameof(key));
        var result = new PermutationKey();
        key.CopyTo(result._bytes);
        return result;
    }

    /// <summary>Derives a key from a passphrase with PBKDF2-HMAC-SHA256 (RFC 8018), 600000 iterations.</summary>
    /// <remarks>
    /// Takes a good part of a second, on purpose. Anyone who has a model with a fingerprint can try passphrases against it:
    /// use a long random one, or <see cref="Generate"/>.
    /// </remarks>
    /// <param name="passphrase">Any text that is not empty; its UTF-8 bytes are used, without Unicode normalisation.</param>
    /// <param name="salt">At least 8 bytes, preferably random; not secret, but the same salt is needed to get the same key again.</param>
    /// <exception cref="ArgumentException">The passphrase is empty or not valid Unicode, or the salt is too short.</exception>
    public static PermutationKey FromPassphrase(ReadOnlySpan<char> passphrase, ReadOnlySpan<byte> salt)
    {
        if (passphrase.IsEmpty)
            throw new ArgumentException("The passphrase is empty.", nameof(passphrase));
        if (salt.Length < MinimumPassphraseSaltSizeInBytes)
            throw new ArgumentException($"The salt of a passphrase needs at least {MinimumPassphraseSaltSizeInBytes} bytes, but has {salt.Length}.", nameof(salt));

        var key = new PermutationKey();
        try
        {
            Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, key._bytes, PassphraseIterations, HashAlgorithmName.SHA256);
            return key;
        }
        catch (EncoderFallbackException)
        {
            // The original exception quotes a character of the passphrase.
            throw new ArgumentException("The passphrase is not valid Unicode: it has half of a surrogate pair.", nameof(passphrase));
        }
    }

    /// <summary>Overwrites the key with zeros; it cannot be used afterwards.</summary>
    public void Dispose()
    {
        _disposed = true;
        Interlocked.MemoryBarrier();
        CryptographicOperations.ZeroMemory(_bytes);
    }

    /// <summary>A fixed text that shows nothing of the key.</summary>
    public override string ToString() => "PermutationKey (hidden)";

    // Another thread may clear the key while it is used, and no model must be protected, nor a file written, with zeros.
    private void CopyTo(Span<byte> copy)
    {
        _bytes.CopyTo(copy);
        Interlocked.MemoryBarrier();
        ObjectDisposedException.ThrowIf(_disposed, this);
    }
}
