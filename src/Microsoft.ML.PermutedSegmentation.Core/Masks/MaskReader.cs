namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>
/// Reads a mask file to ML.NET key values: class k is k + 1, void is 0. A mask is an indexed or grey PNG whose samples
/// are classes (<see cref="MaskValues"/> knows when they are not), or an RGB(A) PNG whose colors are those of a palette; 255 (the
/// palette's void color) is void. Anything else is an error: a mask read almost right would only show as a bad model.
/// </summary>
internal sealed class MaskReader(IReadOnlyList<string> classNames, ClassPalette palette)
{
    private readonly MaskValues _values = new(classNames, palette);

    /// <summary>Reads a mask.</summary>
    /// <returns>The key values, [height, width].</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or a pixel belongs to no class.</exception>
    public (byte[] KeyValues, int Height, int Width) Read(string path)
    {
        byte[] keyValues = [];
        var (height, width) = Read(path, ref keyValues);
        return (keyValues, height, width);
    }

    /// <summary>Reads a mask into memory that is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keyValues">Its beginning is filled with the key values, [height, width]; replaced if it is too short.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or a pixel belongs to no class.</exception>
    public (int Height, int Width) Read(string path, ref byte[] keyValues)
    {
        using var stream = ImageFileHeader.Open(path);
        using PngImage image = PngDecoder.Decode(stream, path);
        int pixels = image.Header.Height * image.Header.Width;
        if (keyValues.Length < pixels)
            keyValues = new byte[pixels];
        Span<byte> target = keyValues.AsSpan(0, pixels);
        ReadOnlySpan<byte> classes = image.Header.ColorType switch
        {
            PngColorType.Indexed or PngColorType.Grey => ClassesOfValues(image, path),
            PngColorType.Rgb or PngColorType.Rgba => ClassesOfColors(image, target, path),
            _ => throw PngHeader.Bad(path, "it is grey with alpha; a mask is indexed, grey or RGB"),
        };
        ToKeyValues(classes, target, image.Header.Width, path);
        return (image.Header.Height, image.Header.Width);
    }

    private Span<byte> ClassesOfValues(PngImage image, string path)
    {
        Span<byte> classes = image.Samples;
        if (_values.FindClasses(image, path) is not { } classOf)
            return classes;
        byte[] alphas = [.. Enumerable.Range(0, 256).Select(value => image.AlphaOf((byte)value))];
        for (int i = 0; i < classes.Length; i++)
        {
            if (alphas[classes[i]] is < byte.MaxValue and var alpha)
                throw Transparent(path, i, image.Header.Width, alpha);
            classes[i] = classOf[classes[i]];
        }

        return classes;
    }

    private Span<byte> ClassesOfColors(PngImage image, Span<byte> classes, string path)
    {
        ReadOnlySpan<byte> samples = image.Samples;
        int channels = image.Header.Channels, width = image.Header.Width;
        var transparent = image.TransparentColor;
        for (int i = 0, s = 0; i < classes.Length; i++, s += channels)
        {
            var color = (samples[s], samples[s + 1], samples[s + 2]);
            if (channels == 4 && samples[s + 3] != byte.MaxValue)
                throw Transparent(path, i, width, samples[s + 3]);
            if (color == transparent)
                throw Transparent(path, i, width, 0);
            if (!palette.TryGetClass(samples[s], samples[s + 1], samples[s + 2], out classes[i]))
                throw BadPixel(path, i, width, $"has the color {color}, which no class has", $"The palette has {palette.Count} classes and {palette.VoidColor} for void pixels.");
        }

        return classes;
    }

    private void ToKeyValues(ReadOnlySpan<byte> classes, Span<byte> keyValues, int width, string path)
    {
        int bad = classNames.Count < ClassPalette.VoidClass ? classes.IndexOfAnyInRange((byte)classNames.Count, (byte)(ClassPalette.VoidClass - 1)) : -1;
        if (bad >= 0)
        {
            throw BadPixel(path, bad, width, $"has the class {classes[bad]}",
                $"There are {classNames.Count} classes, 0 to {classNames.Count - 1}, and {ClassPalette.VoidClass} for void pixels.");
        }
        MaskLabels.ToKeyValues(classes, keyValues);
    }

    private static InvalidDataException Transparent(string path, int pixel, int width, int alpha) =>
        BadPixel(path, pixel, width, $"is transparent (alpha {alpha})", "Save the mask without transparency.");

    private static InvalidDataException BadPixel(string path, int pixel, int width, string what, string right) =>
        new($"'{path}': pixel (x = {pixel % width}, y = {pixel / width}) {what}. {right}");
}
