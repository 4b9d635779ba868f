using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Keys in files that ASP.NET Core's Data Protection has encrypted: only an application with the same name and the same key ring opens them, so by
/// default this application as this user on this machine.
/// </summary>
public static class ProtectedKeyExtensions
{
    private const string Purpose = "PermutedSegmentation/v1/key", Label = "PROTECTED PERMUTATION KEY";
    private const int MaximumSizeInBytes = 4096;

    /// <summary>Writes a key to a new file, encrypted: PEM with the label <c>PROTECTED PERMUTATION KEY</c>, on Unix with mode 0600.</summary>
    /// <remarks>The file is lost with the application's key ring: keep the key itself, too, in a safe place.</remarks>
    /// <param name="key">The key.</param>
    /// <param name="path">The file to create.</param>
    /// <param name="protection">The application's Data Protection.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The file already exists.</exception>
    /// <exception cref="DirectoryNotFoundException">The file's folder does not exist.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public static void SaveProtected(this PermutationKey key, string path, IDataProtectionProvider protection)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(protection);
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] buffer = GC.AllocateArray<byte>(MaximumSizeInBytes, pinned: true), plain = [];
        try
        {
            using var stream = new MemoryStream(buffer);
            key.Save(stream);
            plain = GC.AllocateArray<byte>((int)stream.Position, pinned: true);
            buffer.AsSpan(0, plain.Length).CopyTo(plain);
            byte[] payload = protection.CreateProtector(Purpose).Protect(plain);
            KeyFile.WriteNew(path, Encoding.ASCII.GetBytes(PemEncoding.WriteString(Label, payload) + "\n"), (file, text) => file.Write(text));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>Reads a key that <see cref="SaveProtected"/> wrote.</summary>
    /// <param name="protection">The application's Data Protection.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentNullException"><paramref name="protection"/> is null.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="FormatException">It is not such a file, or it is damaged.</exception>
    /// <exception cref="CryptographicException">It was protected by another application, by another user or on another machine, or the key ring is gone, or the file was changed.</exception>
    public static PermutationKey LoadPermutationKey(this IDataProtectionProvider protection, string path)
    {
        ArgumentNullException.ThrowIfNull(protection);
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[]? plain = null;
        try
        {
            plain = protection.CreateProtector(Purpose).Unprotect(ReadPayload(path));
            using var stream = new MemoryStream(plain);
            return PermutationKey.Load(stream);
        }
        catch (CryptographicException exception)
        {
            throw new CryptographicException($"'{path}' cannot be opened here: it was protected by another application, by another user or on another machine, or the key ring of Data Protection is gone, or the file was changed.", exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static byte[] ReadPayload(string path)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] bytes = new byte[MaximumSizeInBytes + 1];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        string text = Encoding.ASCII.GetString(bytes, 0, length);
        if (length > MaximumSizeInBytes || !PemEncoding.TryFind(text, out PemFields fields))
            throw new FormatException($"'{path}' is not a protected key, or it is damaged; it should hold the lines '-----BEGIN {Label}-----', base64, '-----END {Label}-----'.");
        return text.AsSpan()[fields.Label] is Label
            ? Convert.FromBase64String(text[fields.Base64Data])
            : throw new FormatException($"'{path}' holds something other than a protected key: its PEM label is not '{Label}'. PermutationKey.Load reads a key that is not protected.");
    }
}
