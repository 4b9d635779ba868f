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
/// serialised or put into an exception; only <see cref="Save"/> writes them. Members may be called from several
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

    /// <summary>Makes a key of the given bytes; they are copied, and clearing the original is up to the caller.</summary>
    /// <param name="key">Exactly <see cref="SizeInBytes"/> bytes that nobody can guess.</param>
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
    /// Takes a good part of a second, on purpose. Whoever has a model with a fingerprint can try passphrases against it:
    /// use a long random one, or <see cref="Generate"/>.
    /// </remarks>
    /// <param name="passphrase">Any text but an empty one; its UTF-8 bytes count, without Unicode normalisation.</param>
    /// <param name="salt">At least 8 bytes, best random; not secret, but the same salt is needed to get the same key again.</param>
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

    /// <summary>Reads a key file as <see cref="Save"/> writes it: PEM (RFC 7468) with the label <c>PERMUTATION KEY</c>.</summary>
    /// <remarks>
    /// Also as editors and shells leave it: as UTF-8 or UTF-16 with a byte order mark, with any line ends, with blanks, blank lines or
    /// quotation marks around it.
    /// </remarks>
    /// <param name="path">The key file.</param>
    /// <param name="warn">
    /// Called when other users than the owner can read or change the file (checked on Unix only);
    /// by default the warning goes to <see cref="Trace.TraceWarning(string)"/>.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be read.</exception>
    /// <exception cref="FormatException">The file is no key file, is damaged, or its key has not 32 bytes.</exception>
    public static PermutationKey Load(string path, Action<string>? warn = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Read(bytes => KeyFile.Read(path, bytes, warn ?? (message => Trace.TraceWarning("{0}", message))));
    }

    /// <summary>
    /// Writes the key to a new PEM file with the label <c>PERMUTATION KEY</c>. On Unix only its owner may read and write it
    /// (mode 0600); on Windows it inherits the rights of its folder.
    /// </summary>
    /// <param name="path">The file to create.</param>
    /// <exception cref="IOException">The file exists already: without the old key its models would be lost.</exception>
    /// <exception cref="DirectoryNotFoundException">The file's folder does not exist.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public void Save(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentException.ThrowIfNullOrEmpty(path);
        Span<byte> copy = stackalloc byte[SizeInBytes];
        try
        {
            CopyTo(copy);
            KeyFile.Write(path, copy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    /// <summary>Reads a key from an environment variable: the text of a key file, or the base64 of the 32 bytes.</summary>
    /// <remarks>
    /// Line ends may be spelled out as the two characters <c>\n</c>, as configurations of containers do, or missing; quotation marks around the
    /// value do not matter. The process's environment keeps its copy of the text; a key file is the safer place.
    /// </remarks>
    /// <param name="name">The variable's name.</param>
    /// <exception cref="InvalidOperationException">The variable is not set or empty.</exception>
    /// <exception cref="FormatException">The variable's value is not a key.</exception>
    public static PermutationKey FromEnvironmentVariable(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string? value = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrWhiteSpace(value))
            throw new InvalidOperationException($"The environment variable '{name}' is not set; it should hold a permutation key as PEM or base64.");
        return Read(bytes => KeyFile.Decode(value, bytes, $"The environment variable '{name}'"));
    }

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

    /// <summary>Overwrites the key with zeros; it cannot be used afterwards.</summary>
    public void Dispose()
    {
        _disposed = true;
        Interlocked.MemoryBarrier();
        CryptographicOperations.ZeroMemory(_bytes);
    }

    /// <summary>A fixed text that shows nothing of the key.</summary>
    public override string ToString() => "PermutationKey (hidden)";

    private static PermutationKey Read(Action<byte[]> fill)
    {
        var key = new PermutationKey();
        try
        {
            fill(key._bytes);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>An order of its own for each purpose: every number from 0 to count - 1 once.</summary>
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

    /// <summary>Fills a span with bytes of its own for each purpose. They are as secret as the key.</summary>
    internal void Derive(ReadOnlySpan<byte> modelSalt, string purpose, Span<byte> output)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (modelSalt.Length != ModelSaltSizeInBytes)
            throw new ArgumentException($"The salt of a model has {ModelSaltSizeInBytes} bytes, but {modelSalt.Length} were given.", nameof(modelSalt));
        byte[] info = Encoding.ASCII.GetBytes("PermutedSegmentation/v1/" + purpose);
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

    // Another thread may clear the key while it is used, and no model must be protected, nor a file written, with zeros.
    private void CopyTo(Span<byte> copy)
    {
        _bytes.CopyTo(copy);
        Interlocked.MemoryBarrier();
        ObjectDisposedException.ThrowIf(_disposed, this);
    }
}
