using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Keys;

/// <summary>Reads and writes the text form of a key; what it holds in between is cleared, and no message quotes it.</summary>
internal static class KeyFile
{
    private const string Label = "PERMUTATION KEY";
    private const int MaximumSizeInBytes = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OthersAccess =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static ReadOnlySpan<byte> LabelBytes => "PERMUTATION KEY"u8;

    public static void Read(string path, Span<byte> key, Action<string> warn)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder; a key file was expected.");

        // No buffer in the stream: it would keep a copy of the key that is never cleared.
        using var stream = new FileStream(path, new FileStreamOptions { BufferSize = 0 });
        WarnIfOthersHaveAccess(path, stream, warn);
        Read(stream, key, $"The key file '{path}'");
    }

    /// <summary>Reads the text of a key file to its end.</summary>
    public static void Read(Stream stream, Span<byte> key) => Read(stream, key, "The stream");

    private static void Read(Stream stream, Span<byte> key, string source)
    {
        // Arrays, since what a stream does with spans may go through an array that is never cleared; pinned, so that no copies are left behind.
        byte[] text = GC.AllocateArray<byte>(MaximumSizeInBytes + 1, pinned: true);
        try
        {
            int length = 0;
            for (int count = -1; count != 0 && length < text.Length; length += count)
                count = stream.Read(text, length, text.Length - length);
            if (length > MaximumSizeInBytes)
                throw new FormatException($"{source} does not hold a key: it has more than {MaximumSizeInBytes} bytes.");
            DecodePem(KeyText.Normalize(text.AsSpan(0, length)), key, source);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>Writes the text of a key file.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> key)
    {
        byte[] text = GC.AllocateArray<byte>(PemEncoding.GetEncodedSize(Label.Length, key.Length) + 1, pinned: true);
        try
        {
            PemEncoding.TryWriteUtf8(LabelBytes, key, text, out int length);
            text[length] = (byte)'\n';
            stream.Write(text, 0, text.Length);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>Writes a new file that only its owner may read.</summary>
    /// <exception cref="IOException">The file already exists.</exception>
    /// <exception cref="DirectoryNotFoundException">Its folder does not exist.</exception>
    public static void WriteNew(string path, ReadOnlySpan<byte> content, Action<FileStream, ReadOnlySpan<byte>> write)
    {
        string target = Path.GetFullPath(path);
        if (Path.Exists(target))
            throw new IOException($"'{path}' already exists, and a key is never overwritten: the models protected with it could no longer be unlocked. Choose another name or move the old file away.");
        string folder = Path.GetDirectoryName(target)!;
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder '{folder}' for the key file does not exist.");

        using var file = new WholeFile(target, isUnique: true);
        using (FileStream stream = CreateForOwner(file.PartialPath))
        {
            write(stream, content);
            stream.Flush(flushToDisk: true);
        }
        file.Complete(overwrite: false);
    }

    /// <summary>Reads a key from a text, PEM or base64 alone; error messages begin with the source.</summary>
    public static void Decode(string text, Span<byte> key, string source)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            ReadOnlySpan<byte> normal = KeyText.Normalize(bytes);
            if (normal.IndexOf("-----BEGIN"u8) >= 0)
                DecodePem(normal, key, source);
            else
                DecodeBase64(normal, key, source);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static void DecodePem(ReadOnlySpan<byte> text, Span<byte> key, string source)
    {
        if (!PemEncoding.TryFindUtf8(text, out PemFields fields))
            throw new FormatException($"{source} is not PEM or is damaged; it should hold the lines '-----BEGIN {Label}-----', base64 of {key.Length} bytes, '-----END {Label}-----'.");
        if (!text[fields.Label].SequenceEqual(LabelBytes))
            throw new FormatException($"{source} holds something other than a permutation key: its PEM label is not '{Label}'.");
        if (PemEncoding.TryFindUtf8(text[fields.Location.End..], out _))
            throw new FormatException($"{source} holds more than one key, so it is unclear which one is meant; it should hold exactly one.");
        DecodeBase64(text[fields.Base64Data], key, source);
    }

    private static void DecodeBase64(ReadOnlySpan<byte> text, Span<byte> key, string source)
    {
        OperationStatus status = Base64.DecodeFromUtf8(text, key, out _, out int written);
        if (status is not (OperationStatus.Done or OperationStatus.DestinationTooSmall))
            throw new FormatException($"{source} is not valid base64; it should hold the base64 of {key.Length} bytes.");
        if (status == OperationStatus.DestinationTooSmall || written != key.Length)
            throw new FormatException($"{source} holds a key of the wrong length; it should have {key.Length} bytes.");
    }

    private static void WarnIfOthersHaveAccess(string path, FileStream stream, Action<string> warn)
    {
        if (OperatingSystem.IsWindows())
            return;
        UnixFileMode mode = File.GetUnixFileMode(stream.SafeFileHandle);
        if ((mode & OthersAccess) != 0)
            warn($"Other users can read or change the key file '{path}' (mode {Convert.ToString((int)mode, 8)}); 'chmod 600' restricts it to its owner.");
    }

    private static FileStream CreateForOwner(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }
}
