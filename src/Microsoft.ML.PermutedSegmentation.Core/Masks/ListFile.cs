using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>Lists of names as text files, of images or of classes.</summary>
internal static class ListFile
{
    /// <summary>Reads the text: UTF-8, with a byte order mark or without, or UTF-16 or UTF-32 with one.</summary>
    /// <exception cref="InvalidDataException">It is in another encoding, or no text.</exception>
    public static string Read(string path)
    {
        using FileStream stream = ImageFileHeader.Open(path);
        using var reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        try
        {
            string text = reader.ReadToEnd();
            return text.Contains('\0') ? throw new InvalidDataException($"'{path}' is not a text file.") : text;
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException($"'{path}' is not in UTF-8; save it as UTF-8. {exception.Message}", exception);
        }
    }
}
