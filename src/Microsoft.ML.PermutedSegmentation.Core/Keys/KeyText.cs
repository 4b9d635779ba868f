namespace Microsoft.ML.PermutedSegmentation.Keys;

/// <summary>
/// Undoes what editors, shells and configurations do to the text of a key. All in place, so that there is one buffer to clear.
/// </summary>
internal static class KeyText
{
    private static ReadOnlySpan<byte> Utf8Mark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// The same text without a byte order mark, as ASCII if it was UTF-16 with such a mark, with line ends where <c>\n</c> or <c>\r</c> is
    /// spelled out in two characters, and without blanks and quotation marks around it.
    /// </summary>
    public static Span<byte> Normalize(Span<byte> text) => Unquote(Unescape(ToAscii(text)));

    private static Span<byte> ToAscii(Span<byte> text)
    {
        if (text.StartsWith(Utf8Mark))
            return text[Utf8Mark.Length..];
        if (text is not ([0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]))
            return text;
        int low = text[0] == 0xFF ? 0 : 1, length = 0;
        for (int i = 2; i + 1 < text.Length; i += 2)
            text[length++] = text[i + 1 - low] == 0 ? text[i + low] : (byte)'?';
        return text[..length];
    }

    private static Span<byte> Unescape(Span<byte> text)
    {
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool isLineEnd = text[i] == '\\' && i + 1 < text.Length && text[i + 1] is (byte)'n' or (byte)'r';
            text[length++] = isLineEnd ? (byte)'\n' : text[i];
            if (isLineEnd)
                i++;
        }
        return text[..length];
    }

    private static Span<byte> Unquote(Span<byte> text)
    {
        text = text.Trim(" \t\r\n"u8);
        while (text is [(byte)'"' or (byte)'\'', _, ..] && text[^1] == text[0])
            text = text[1..^1].Trim(" \t\r\n"u8);
        return text;
    }
}
