using System.Diagnostics;
using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation;

// How a key gets to files, streams and environment variables, and back.
public sealed partial class PermutationKey
{
    /// <summary>Reads a key file as <see cref="Save(string)"/> writes it: PEM (RFC 7468) with the label <c>PERMUTATION KEY</c>.</summary>
    /// <remarks>
    /// It may be as editors and shells leave it: UTF-8 or UTF-16 with a byte order mark, any line endings, and blanks, blank lines or
    /// quotation marks around it.
    /// </remarks>
    /// <param name="path">The key file.</param>
    /// <param name="warn">
    /// Called when users other than the owner can read or change the file (checked on Unix only); by default the warning
    /// goes to <see cref="Trace.TraceWarning(string)"/>.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be read.</exception>
    /// <exception cref="FormatException">The file is not a key file, is damaged, or its key does not have 32 bytes.</exception>
    public static PermutationKey Load(string path, Action<string>? warn = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Read(bytes => KeyFile.Read(path, bytes, warn ?? (message => Trace.TraceWarning("{0}", message))));
    }

    /// <summary>Reads the text of a key file from a stream, such as the answer of a vault.</summary>
    /// <remarks>What is read is cleared here; a stream that buffers, as that of a vault's client may, keeps its copy until it is overwritten.</remarks>
    /// <param name="stream">The text that <see cref="Save(Stream)"/> writes; it is read to its end and stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="FormatException">The text is not that of a key file, is damaged, or its key does not have 32 bytes.</exception>
    public static PermutationKey Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Read(bytes => KeyFile.Read(stream, bytes));
    }

    /// <summary>
    /// Writes the key to a new PEM file with the label <c>PERMUTATION KEY</c>. On Unix only its owner may read and write it
    /// (mode 0600); on Windows it inherits the rights of its folder.
    /// </summary>
    /// <param name="path">The file to create.</param>
    /// <exception cref="IOException">The file already exists: without the old key its models would be lost.</exception>
    /// <exception cref="DirectoryNotFoundException">The file's folder does not exist.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public void Save(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentException.ThrowIfNullOrEmpty(path);
        Use(key => KeyFile.WriteNew(path, key, KeyFile.Write));
    }

    /// <summary>
    /// Writes the text of a key file to a stream, such as one to a vault: PEM with the label <c>PERMUTATION KEY</c>, in one call.
    /// To write a file, use <see cref="Save(string)"/>, which makes it readable only by its owner.
    /// </summary>
    /// <remarks>
    /// The buffer that is written from is cleared here; what the stream keeps is up to its owner. A <see cref="MemoryStream"/> over the
    /// caller's own array can be cleared afterwards.
    /// </remarks>
    /// <param name="stream">Where to write; it stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public void Save(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        Use(key => KeyFile.Write(stream, key));
    }

    /// <summary>Reads a key from an environment variable: the text of a key file, or the base64 of the 32 bytes.</summary>
    /// <remarks>
    /// Line endings may be written as the two characters <c>\n</c>, as in container configurations, or be missing; quotation marks around the
    /// value do not matter. The process's environment keeps its copy of the text; a key file is the safer place.
    /// </remarks>
    /// <param name="name">The variable's name.</param>
    /// <exception cref="InvalidOperationException">The variable is not set or is empty.</exception>
    /// <exception cref="FormatException">The variable's value is not a key.</exception>
    public static PermutationKey FromEnvironmentVariable(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string? value = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrWhiteSpace(value))
            throw new InvalidOperationException($"The environment variable '{name}' is not set; it should hold a permutation key as PEM or base64.");
        return Read(bytes => KeyFile.Decode(value, bytes, $"The environment variable '{name}'"));
    }

    /// <summary>Reads a key from a text, such as a setting: the text of a key file, or the base64 of the 32 bytes.</summary>
    /// <remarks>As in <see cref="FromEnvironmentVariable"/>. A string cannot be cleared: it stays in memory until it is collected.</remarks>
    /// <param name="text">PEM or base64.</param>
    /// <param name="source">What messages call the text's origin.</param>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="FormatException">The text is not a key.</exception>
    public static PermutationKey FromText(string text, string source = "The text")
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentException.ThrowIfNullOrEmpty(source);
        return Read(bytes => KeyFile.Decode(text, bytes, source));
    }

    private void Use(Action<ReadOnlySpan<byte>> use)
    {
        Span<byte> copy = stackalloc byte[SizeInBytes];
        try
        {
            CopyTo(copy);
            use(copy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

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
}
