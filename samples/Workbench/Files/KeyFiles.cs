using System.Security.Cryptography;

namespace Workbench.Files;

/// <summary>Recognizes key files by what is in them, whatever they are called.</summary>
internal static class KeyFiles
{
    // More than any key file has: PermutationKey.Load reads less.
    private const int SearchedBytes = 1 << 16;

    /// <summary>Whether a file holds a permutation key as PEM, in UTF-8 or with more bytes a character.</summary>
    public static bool IsKey(string path)
    {
        var text = new byte[SearchedBytes];
        try
        {
            // No buffer in the stream: it would keep a copy of the key that is never cleared.
            using var stream = new FileStream(path, new FileStreamOptions { BufferSize = 0, Share = FileShare.ReadWrite });
            var read = stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            // What UTF-16 and UTF-32 add to ASCII is zeros.
            var length = 0;
            for (var i = 0; i < read; i++)
                if (text[i] != 0)
                    text[length++] = text[i];
            return text.AsSpan(0, length).IndexOf("-----BEGIN PERMUTATION KEY"u8) >= 0;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }
}
