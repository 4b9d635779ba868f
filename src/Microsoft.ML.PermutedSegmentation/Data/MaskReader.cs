namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Reads a mask file to ML.NET key values: class k is k + 1, void is 0. A mask is an indexed or grey PNG whose samples
/// are classes, or an RGB(A) PNG whose colors are those of a palette; 255 (the palette's void color) is void. Anything
/// else is an error: a mask read almost right would only show as a bad model.
/// </summary>
internal sealed class MaskReader(int classCount, ClassPalette palette)
{
    /// <summary>Reads a mask.</summary>
    /// <returns>The key values, [height, width].</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or a pixel belongs to no class.</exception>
    public (byte[] KeyValues, int Height, int Width) Read(string path)
    {
        using var stream = File.OpenRead(path);
        var (header, samples, _, _) = PngDecoder.Decode(stream, path);
        byte[] classes = header.ColorType switch
        {
            PngColorType.Indexed or PngColorType.Grey => samples,
            PngColorType.Rgb or PngColorType.Rgba => ClassesOfColors(samples, header, path),
            _ => throw PngHeader.Bad(path, "it is grey with alpha; a mask is indexed, grey or RGB"),
        };
        ToKeyValues(classes, header.Width, path);
        return (classes, header.Height, header.Width);
    }

    private byte[] ClassesOfColors(byte[] samples, PngHeader header, string path)
    {
        int channels = header.Channels;
        var classes = new byte[samples.Length / channels];
        for (int i = 0, s = 0; i < classes.Length; i++, s += channels)
        {
            if (channels == 4 && samples[s + 3] != byte.MaxValue)
                throw BadPixel(path, i, header.Width, $"is transparent (alpha {samples[s + 3]})", "Save the mask without transparency.");
            if (!palette.TryGetClass(samples[s], samples[s + 1], samples[s + 2], out classes[i]))
            {
                throw BadPixel(path, i, header.Width, $"has the color ({samples[s]}, {samples[s + 1]}, {samples[s + 2]}), which no class has",
                    $"The palette has {palette.Count} classes and {palette.VoidColor} for void pixels.");
            }
        }

        return classes;
    }

    private void ToKeyValues(byte[] classes, int width, string path)
    {
        for (int i = 0; i < classes.Length; i++)
        {
            if (classes[i] >= classCount && classes[i] != ClassPalette.VoidClass)
            {
                throw BadPixel(path, i, width, $"has the class {classes[i]}",
                    $"There are {classCount} classes, 0 to {classCount - 1}, and {ClassPalette.VoidClass} for void pixels.");
            }

            // 255 overflows to 0, which is ML.NET's missing key.
            classes[i] = unchecked((byte)(classes[i] + 1));
        }
    }

    private static InvalidDataException BadPixel(string path, int pixel, int width, string what, string right) =>
        new($"'{path}': pixel (x = {pixel % width}, y = {pixel / width}) {what}. {right}");
}
