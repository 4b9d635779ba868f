namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>What an image file says before it is decoded, checked: a file that has a header is whole, and of a kind that is read exactly.</summary>
/// <param name="Path">The file, or what messages call it.</param>
/// <param name="StoredHeight">Rows as stored.</param>
/// <param name="StoredWidth">Columns as stored.</param>
/// <param name="StoredOrientation">How it is stored, 1 to 8 (<see cref="ExifOrientation"/>).</param>
/// <param name="HasTransparency">Whether pixels may be transparent.</param>
internal sealed record ImageFileHeader(string Path, int StoredHeight, int StoredWidth, int StoredOrientation, bool HasTransparency)
{
    /// <summary>The bytes of a file that is in memory; null: they are in the file.</summary>
    public byte[]? Content { get; private init; }

    /// <summary>Whether it is a JPEG; otherwise it is a PNG.</summary>
    public bool IsJpeg { get; init; }

    /// <summary>More pixels than any camera takes, 1 GiB decoded; a header that claims more is damaged or hostile.</summary>
    public const long MaximumPixels = PngHeader.MaximumPixels;

    /// <summary>The most pixels of a side: what a JPEG can state.</summary>
    public const int MaximumSide = ushort.MaxValue;

    /// <summary>Whether a decoder that knows nothing of orientation and transparency gives the picture as it is.</summary>
    public bool IsPlain => StoredOrientation == ExifOrientation.Upright && !HasTransparency;

    /// <summary>Reads and checks a header. Nothing is decoded.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, too large, or of a kind that is not read; the message names it.</exception>
    public static ImageFileHeader Read(string path)
    {
        using FileStream stream = Open(path);
        return Read(stream, path);
    }

    /// <summary>The same of a file in memory.</summary>
    /// <param name="content">Its bytes.</param>
    /// <param name="name">What messages call it.</param>
    public static ImageFileHeader Read(byte[] content, string name)
    {
        if (content.Length == 0)
            throw new InvalidDataException($"'{name}' is empty.");
        using var stream = new MemoryStream(content, writable: false);
        return Read(stream, name) with { Content = content };
    }

    /// <summary>Whether a file begins as a JPEG or a PNG does.</summary>
    public static bool IsJpegOrPng(string path)
    {
        using FileStream stream = Open(path);
        return Sniff(stream) != Format.Other;
    }

    /// <summary>Opens a file that has content. A pipe has none: opening it would wait until something is written to it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is empty, or no regular file.</exception>
    public static FileStream Open(string path) => new FileInfo(path) is { Exists: true, Length: 0 }
        ? throw new InvalidDataException($"'{path}' is empty, or it is a pipe, a socket or a device instead of a file.")
        : File.OpenRead(path);

    /// <summary>Refuses sizes that no picture has, before anything is allocated for one.</summary>
    public static void CheckSize(string path, long height, long width)
    {
        if (height < 1 || width < 1 || height > MaximumSide || width > MaximumSide || height * width > MaximumPixels)
            throw new InvalidDataException($"'{path}' would have {width} x {height} pixels (width x height); at most {MaximumPixels:N0} pixels are read, and {MaximumSide:N0} a side.");
    }

    /// <summary>Whether reading it turns it.</summary>
    public bool IsTurned(ImageOrientation orientation) =>
        orientation == ImageOrientation.Upright && StoredOrientation != ExifOrientation.Upright;

    /// <summary>The size that the picture has when it is read.</summary>
    public (int Height, int Width) SizeOf(ImageOrientation orientation) =>
        orientation == ImageOrientation.Upright && ExifOrientation.SwapsSides(StoredOrientation)
            ? (StoredWidth, StoredHeight)
            : (StoredHeight, StoredWidth);

    private static ImageFileHeader Read(Stream stream, string name) => Sniff(stream) switch
    {
        Format.Png => PngImageHeader.Read(stream, name),
        Format.Jpeg => JpegImageHeader.Read(stream, name),
        _ => throw new InvalidDataException($"'{name}' is neither a JPEG nor a PNG file."),
    };

    private static Format Sniff(Stream stream)
    {
        Span<byte> start = stackalloc byte[PngHeader.Signature.Length];
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return start[..length].SequenceEqual(PngHeader.Signature) ? Format.Png : start[..length] is [0xFF, 0xD8, ..] ? Format.Jpeg : Format.Other;
    }

    private enum Format
    {
        Other,
        Jpeg,
        Png,
    }
}
