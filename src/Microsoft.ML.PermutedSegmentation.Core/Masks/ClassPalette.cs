namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// One color per class. It tells which class a pixel of an RGB mask belongs to, whether the palette of an indexed mask was re-numbered, and in which
/// colors predicted masks are written. Class <see cref="VoidClass"/> (255) stands for "no class" and has its own color.
/// </summary>
public sealed class ClassPalette
{
    /// <summary>The value of a pixel that belongs to no class, as in PASCAL VOC.</summary>
    public const byte VoidClass = 255;

    /// <summary>The most classes a palette can have: 0 to 254, since 255 is void.</summary>
    public const int MaximumClassCount = VoidClass;

    private readonly (byte Red, byte Green, byte Blue)[] _colors;
    private readonly Dictionary<(byte, byte, byte), byte> _classes = [];

    private ClassPalette((byte, byte, byte)[] colors, (byte, byte, byte) voidColor)
    {
        _colors = colors;
        VoidColor = voidColor;
        for (int i = 0; i < colors.Length; i++)
        {
            if (!_classes.TryAdd(colors[i], (byte)i))
            {
                throw new ArgumentException(
                    $"Classes {_classes[colors[i]]} and {i} have the same color {colors[i]}; each class needs its own.", nameof(colors));
            }
        }

        if (!_classes.TryAdd(voidColor, VoidClass))
        {
            throw new ArgumentException(
                $"Class {_classes[voidColor]} has the color {voidColor} of void pixels; give another color to one of them.", nameof(colors));
        }
    }

    /// <summary>
    /// The color map of PASCAL VOC: 255 classes, of which VOC uses 21 (0 is the background, black), and the void color
    /// (224, 224, 192). It is the palette of indexed VOC masks (VOC development kit, <c>VOClabelcolormap.m</c>).
    /// </summary>
    public static ClassPalette Voc { get; } = new([.. Enumerable.Range(0, MaximumClassCount).Select(VocColor)], VocColor(VoidClass));

    /// <summary>
    /// Two classes in black and white, as most tools save a mask of one kind of object: 0 is black, 1 is white, and 255 in a grey
    /// or indexed mask is also white, not void.
    /// </summary>
    public static ClassPalette Binary { get; } = new([(0, 0, 0), (255, 255, 255)], VocColor(VoidClass));

    /// <summary>How many classes have a color: 1 to 255, void not counted.</summary>
    public int Count => _colors.Length;

    /// <summary>The color of pixels that belong to no class.</summary>
    public (byte Red, byte Green, byte Blue) VoidColor { get; }

    /// <summary>The color of a class.</summary>
    /// <param name="classIndex">0 to <see cref="Count"/> - 1, or 255 for void.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public (byte Red, byte Green, byte Blue) this[int classIndex]
    {
        get
        {
            if (classIndex == VoidClass)
                return VoidColor;
            ArgumentOutOfRangeException.ThrowIfNegative(classIndex);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(classIndex, Count);
            return _colors[classIndex];
        }
    }

    /// <summary>Makes a palette from the colors of the classes, in class order.</summary>
    /// <param name="colors">1 to 255 different colors.</param>
    /// <param name="voidColor">The color of pixels that belong to no class; VOC's (224, 224, 192) when null.</param>
    /// <exception cref="ArgumentException">There are no or too many colors, or two are the same.</exception>
    public static ClassPalette FromColors(
        IReadOnlyList<(byte Red, byte Green, byte Blue)> colors, (byte Red, byte Green, byte Blue)? voidColor = null)
    {
        ArgumentNullException.ThrowIfNull(colors);
        if (colors.Count is 0 or > MaximumClassCount)
            throw new ArgumentException($"A palette has 1 to {MaximumClassCount} colors, not {colors.Count}.", nameof(colors));
        return new ClassPalette([.. colors], voidColor ?? VocColor(VoidClass));
    }

    /// <summary>Finds the class that has exactly this color; 255 for the void color.</summary>
    /// <returns>False when no class has it.</returns>
    public bool TryGetClass(byte red, byte green, byte blue, out byte classIndex) =>
        _classes.TryGetValue((red, green, blue), out classIndex);

    // Bits 0, 3, 6 of the index go to red, 1, 4, 7 to green and 2, 5 to blue, the lowest into the highest bit.
    private static (byte Red, byte Green, byte Blue) VocColor(int index)
    {
        int red = 0, green = 0, blue = 0;
        for (int bit = 7; index != 0; bit--, index >>= 3)
        {
            red |= (index & 1) << bit;
            green |= (index >> 1 & 1) << bit;
            blue |= (index >> 2 & 1) << bit;
        }

        return ((byte)red, (byte)green, (byte)blue);
    }
}
