namespace Microsoft.ML.PermutedSegmentation.Images;

/// <summary>Along one side of an image: the pixels that each pixel of the result is made of, and their shares.</summary>
internal sealed class FilterTaps
{
    private int _newSize;
    private int[] _first = [], _count = [];
    private float[] _weights = [];

    /// <summary>How many pixels the side has.</summary>
    public int Size { get; private set; }

    /// <summary>The most pixels that one of the result is made of.</summary>
    public int Most { get; private set; }

    /// <summary>Computes them for a size and a new size; nothing to do when they are those of the last time.</summary>
    public void Set(int size, int newSize)
    {
        if ((size, newSize) == (Size, _newSize))
            return;
        // Should memory not suffice, these are nobody's.
        Size = 0;
        double scale = (double)size / newSize, reach = Math.Max(scale, 1);
        Most = Math.Min(size, (int)Math.Ceiling(2 * reach) + 1);
        if (_first.Length < newSize)
            (_first, _count) = (new int[newSize], new int[newSize]);
        if (_weights.Length < newSize * Most)
            _weights = new float[newSize * Most];
        for (int position = 0; position < newSize; position++)
        {
            double center = (position + 0.5) * scale;
            int first = Math.Max(0, (int)(center - reach + 0.5)), end = Math.Min(size, (int)(center + reach + 0.5));
            (_first[position], _count[position]) = (first, end - first);
            double sum = 0;
            for (int i = first; i < end; i++)
                sum += Triangle(i);
            for (int i = first; i < end; i++)
                _weights[position * Most + i - first] = (float)(Triangle(i) / sum);

            double Triangle(int i) => Math.Max(0, 1 - Math.Abs(i + 0.5 - center) / reach);
        }
        (Size, _newSize) = (size, newSize);
    }

    /// <summary>The first of the pixels that one of the result is made of.</summary>
    public int FirstOf(int position) => _first[position];

    /// <summary>Their shares, one after the other.</summary>
    public ReadOnlySpan<float> WeightsOf(int position) => _weights.AsSpan(position * Most, _count[position]);
}
