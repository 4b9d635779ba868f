namespace Microsoft.ML.PermutedSegmentation.SlidingWindows;

/// <summary>
/// An image as it is scored, at some size and mirrored or not. To the right and below it goes on as its reflection, border pixels repeated, for
/// windows that do not fit in.
/// </summary>
internal sealed class ImageView
{
    private readonly AntialiasedResizer _resizer = new();
    private readonly PixelSource _source;
    private readonly bool _mirrored;
    private float[] _row = [];

    /// <param name="source">The image.</param>
    /// <param name="size">Its size.</param>
    /// <param name="height">The height that it is resized to.</param>
    /// <param name="width">The width that it is resized to.</param>
    /// <param name="mirrored">Whether left and right change places.</param>
    public ImageView(PixelSource source, (int Height, int Width) size, int height, int width, bool mirrored)
    {
        (_source, Height, Width, _mirrored) = (source, height, width, mirrored);
        _resizer.Begin(size.Height, size.Width, height, width);
    }

    public int Height { get; }

    public int Width { get; }

    /// <summary>Whether left and right have changed places.</summary>
    public bool IsMirrored => _mirrored;

    /// <summary>Copies the pixels of a window.</summary>
    /// <param name="top">Its first row.</param>
    /// <param name="left">Its first column.</param>
    /// <param name="width">Its width.</param>
    /// <param name="rgb">Filled with red, green and blue, 0 to 255, of each of its pixels, row by row.</param>
    public void Read(int top, int left, int width, Span<float> rgb)
    {
        int[] columns = [.. Enumerable.Range(left, width).Select(x => _mirrored ? Width - 1 - Reflect(x, Width) : Reflect(x, Width))];
        int first = columns.Min(), length = 3 * (columns.Max() + 1 - first);
        if (_row.Length < length)
            _row = new float[length];
        Span<float> row = _row.AsSpan(0, length);
        PixelSpan pixels = _source();
        for (int y = 0; y < rgb.Length / 3 / width; y++)
        {
            _resizer.Read(pixels, Reflect(top + y, Height), first, row);
            Span<float> target = rgb.Slice(y * 3 * width, 3 * width);
            for (int x = 0; x < width; x++)
                row.Slice(3 * (columns[x] - first), 3).CopyTo(target[(3 * x)..]);
        }
    }

    private static int Reflect(int position, int size) => position % (2 * size) is var i && i < size ? i : 2 * size - 1 - i;
}
