namespace Microsoft.ML.PermutedSegmentation.Metrics;

/// <summary>
/// Counts the pixels of true masks, and finds out when they were probably saved in black and white: 255 is void, so that their
/// objects are not there.
/// </summary>
/// <remarks>
/// In such a mask all is either class 0 or void. In a mask with borders of void between classes, as in PASCAL VOC, it never is:
/// where there is a border there is an object. Masks of one bit, which have no void, may stand beside those in black and white.
/// </remarks>
internal sealed class LabelCounts(IReadOnlyList<string> classNames)
{
    // An object is hardly there when it has less than this part of the void pixels; masks count from this part of all that are not empty.
    private const double Hardly = 0.01, Noticeable = 0.1;

    private readonly long[] _pixels = new long[MaskLabels.KeyValueCount(classNames.Count)];
    private int _masksWithVoidOnly, _masksWithObjects, _masksWithBoth;

    /// <summary>How many pixels each key value has (index 0: void).</summary>
    public ReadOnlySpan<long> Pixels => _pixels;

    /// <summary>Adds a mask.</summary>
    /// <param name="pixels">How many pixels each key value has in it.</param>
    /// <returns>Whether what should be objects may be void in it.</returns>
    public bool Add(ReadOnlySpan<int> pixels)
    {
        long objects = 0;
        for (int value = 0; value < pixels.Length; value++)
        {
            _pixels[value] += pixels[value];
            objects += value > 1 ? pixels[value] : 0;
        }
        bool isVoidOnly = pixels[0] * Hardly > objects;
        if (isVoidOnly)
            _masksWithVoidOnly++;
        else if (objects > 0 && pixels[0] == 0)
            _masksWithObjects++;
        else if (objects > 0)
            _masksWithBoth++;
        return isVoidOnly;
    }

    /// <summary>Adds what the other processes of a group have counted.</summary>
    public void AddOthers(IProcessGroup group)
    {
        // Whole numbers as doubles: exact below 2^53.
        double[] sums = group.Sum([.. _pixels.Select(count => (double)count), _masksWithVoidOnly, _masksWithObjects, _masksWithBoth]);
        for (int value = 0; value < _pixels.Length; value++)
            _pixels[value] = (long)sums[value];
        (_masksWithVoidOnly, _masksWithObjects, _masksWithBoth) = ((int)sums[^3], (int)sums[^2], (int)sums[^1]);
    }

    /// <summary>Says what is there when objects seem to be void, and what to do; null when all seems well.</summary>
    public string? FindObjectsAsVoid()
    {
        int masks = _masksWithVoidOnly + _masksWithObjects + _masksWithBoth;
        // With more than two classes, parts that nobody has labelled may lie in images of class 0 alone.
        bool isOrdinary = classNames.Count > 2 && _masksWithBoth >= _masksWithVoidOnly;
        if (_masksWithVoidOnly == 0 || _masksWithVoidOnly < Noticeable * masks || isOrdinary)
            return null;
        double voidShare = (double)_pixels[0] / Sum(_pixels);
        string objects = classNames.Count == 2 ? $"class 1 '{classNames[1]}'" : $"a class other than 0 '{classNames[0]}'";
        string where = _masksWithObjects + _masksWithBoth == 0
            ? FormattableString.Invariant($"{voidShare:P1} of all pixels are void, and hardly any or no pixels are of {objects}")
            : $"in {_masksWithVoidOnly} masks some pixels are void and hardly any or none are of {objects}, while {_masksWithObjects + _masksWithBoth} other masks have such pixels";
        return $"The value 255 is void in a mask: {where}. Masks that were saved in black and white are read with {nameof(ClassPalette)}.{nameof(ClassPalette.Binary)} (in the console app --binary-masks); otherwise the pixels of objects should be 1.";
    }

    private static long Sum(ReadOnlySpan<long> counts)
    {
        long sum = 0;
        foreach (long count in counts)
            sum += count;
        return sum;
    }
}
