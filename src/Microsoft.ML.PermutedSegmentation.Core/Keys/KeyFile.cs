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

        Span<byte> text = stackalloc byte[MaximumSizeInBytes + 1];
        try
        {
            // No buffer in the stream: it would keep a copy of the key that nobody clears.
            using var stream = new FileStream(path, new FileStreamOptions { BufferSize = 0 });
            WarnIfOthersHaveAccess(path, stream, warn);
            int length = stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            if (length > MaximumSizeInBytes)
                throw new FormatException($"'{path}' is no key file: it has more than {MaximumSizeInBytes} bytes.");
            DecodePem(KeyText.Normalize(text[..length]), key, $"The key file '{path}'");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    public static void Write(string path, ReadOnlySpan<byte> key)
    {
        string target = Path.GetFullPath(path);
        if (Path.Exists(target))
            throw new IOException($"'{path}' exists already, and a key is never overwritten: the models protected with it could not be unlocked any more. Choose another name or move it away.");
        string folder = Path.GetDirectoryName(target)!;
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder '{folder}' for the key file does not exist.");

        using var file = new WholeFile(target, isUnique: true);
        Span<byte> text = stackalloc byte[PemEncoding.GetEncodedSize(Label.Length, key.Length) + 1];
        try
        {
            PemEncoding.TryWriteUtf8(LabelBytes, key, text, out int length);
            text[length] = (byte)'\n';
            using (FileStream stream = CreateForOwner(file.PartialPath))
            {
                stream.Write(text);
                stream.Flush(flushToDisk: true);
            }
            file.Complete(overwrite: false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
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
            throw new FormatException($"{source} holds something else than a permutation key: its PEM label is not '{Label}'.");
        if (PemEncoding.TryFindUtf8(text[fields.Location.End..], out _))
            throw new FormatException($"{source} holds more than one key, so that which one is meant is not known; it should hold one.");
        DecodeBase64(text[fields.Base64Data], key, source);
    }

    private static void DecodeBase64(ReadOnlySpan<byte> text, Span<byte> key, string source)
    {
        OperationStatus status = Base64.DecodeFromUtf8(text, key, out _, out int written);
        if (status is not (OperationStatus.Done or OperationStatus.DestinationTooSmall))
            throw new FormatException($"{source} is not valid base64; it should hold the base64 of {key.Length} bytes.");
        if (status == OperationStatus.DestinationTooSmall || written != key.Length)
            throw new FormatException($"{source} holds a key of a wrong length; it should have {key.Length} bytes.");
    }

    private static void WarnIfOthersHaveAccess(string path, FileStream stream, Action<string> warn)
    {
        if (OperatingSystem.IsWindows())
            return;
        UnixFileMode mode = File.GetUnixFileMode(stream.SafeFileHandle);
        if ((mode & OthersAccess) != 0)
            warn($"Other users can read or change the key file '{path}' (mode {Convert.ToString((int)mode, 8)}); 'chmod 600' keeps it to its owner.");
    }

    private static FileStream CreateForOwner(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }
}
