namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>
/// Tells what the values of an indexed or grey mask mean: classes, as in PASCAL VOC, or nothing but places in a palette, whose
/// colors are the classes. Image tools that save a mask again keep how it looks and re-number its palette.
/// </summary>
/// <remarks>
/// Only entries that pixels use count. An entry's color speaks for the class that has it, where an earlier entry of the file has
/// not got the color already (unused entries are often filled with black). Where no entry speaks for another class than its own
/// number, values are classes; where every entry speaks for a class, colors are; anything else is refused. A grey file is taken for
/// one with a palette of greys, which speaks for classes only where all classes are grey.
/// </remarks>
internal sealed class MaskValues(IReadOnlyList<string> classNames, ClassPalette palette)
{
    private readonly bool _classesAreGrey = Enumerable.Range(0, classNames.Count).All(k => palette[k] is var (red, green, blue) && red == green && green == blue);

    /// <summary>The class of each value, or null where the values themselves are the classes.</summary>
    /// <exception cref="InvalidDataException">Some colors speak for other classes than the values, and some for none.</exception>
    public byte[]? FindClasses(PngImage image, string path)
    {
        bool isGrey = image.Header.ColorType == PngColorType.Grey;
        byte[] colors = isGrey ? GreyLevels(image.Header.BitDepth) : image.Palette!;
        if (!_classesAreGrey && (isGrey || IsRamp(colors)))
            return null;

        int[] used = UsedValues(image.Samples);
        var classes = new byte?[256];
        foreach (int value in used)
            classes[value] = FindClass(colors, value);
        int other = Array.FindIndex(used, value => classes[value] is { } k && k != value), none = Array.FindIndex(used, value => classes[value] is null);
        if (other < 0)
            return null;
        return none < 0
            ? [.. classes.Select(k => k ?? 0)]
            : throw Contradiction(path, isGrey ? "level" : "palette entry", colors, used[other], classes[used[other]]!.Value, used[none]);
    }

    private byte? FindClass(byte[] colors, int value)
    {
        if (3 * value >= colors.Length || !palette.TryGetClass(colors[3 * value], colors[3 * value + 1], colors[3 * value + 2], out byte k))
            return null;
        bool exists = k < classNames.Count || k == ClassPalette.VoidClass;
        return exists && (k == value || FirstOf(colors, value) == value) ? k : null;
    }

    private static int FirstOf(byte[] colors, int value)
    {
        for (int i = 0; i < value; i++)
        {
            if (colors.AsSpan(3 * i, 3).SequenceEqual(colors.AsSpan(3 * value, 3)))
                return i;
        }
        return value;
    }

    private static int[] UsedValues(ReadOnlySpan<byte> samples)
    {
        var isUsed = new bool[256];
        foreach (byte sample in samples)
            isUsed[sample] = true;
        return [.. Enumerable.Range(0, 256).Where(value => isUsed[value])];
    }

    private static byte[] GreyLevels(int bitDepth)
    {
        int levels = 1 << bitDepth;
        return [.. from value in Enumerable.Range(0, levels) from channel in Enumerable.Range(0, 3) select (byte)(value * 255 / (levels - 1))];
    }

    // The palette that Pillow gives to a mask which was made without one.
    private static bool IsRamp(byte[] colors)
    {
        for (int i = 0; i < colors.Length; i++)
        {
            if (colors[i] != i / 3)
                return false;
        }
        return true;
    }

    private InvalidDataException Contradiction(string path, string what, byte[] colors, int other, byte k, int none)
    {
        string name = k == ClassPalette.VoidClass ? "of void pixels" : $"of class {k} '{classNames[k]}'";
        string noneColor = 3 * none < colors.Length ? $"has {ColorAt(colors, none)}, which is not the color of any class" : "is not in its palette";
        return new InvalidDataException(
            $"'{path}': its {what} {other} has the color {ColorAt(colors, other)} {name}, and its {what} {none} {noneColor}; it is not clear whether its values or its colors are the classes. Save it as a grey PNG whose values are the classes, or give the palette whose colors they have.");
    }

    private static (byte, byte, byte) ColorAt(byte[] colors, int value) => (colors[3 * value], colors[3 * value + 1], colors[3 * value + 2]);
}
