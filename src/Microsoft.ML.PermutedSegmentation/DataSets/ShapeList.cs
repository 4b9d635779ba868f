namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>The shapes of one image, painted one over the other onto class 0.</summary>
/// <param name="height">Height of the image.</param>
/// <param name="width">Width of the image.</param>
/// <param name="smallerOnTop">Whether smaller ones come over larger ones; otherwise, and for the same area, later ones over earlier ones.</param>
internal sealed class ShapeList(int height, int width, bool smallerOnTop)
{
    private readonly byte[] _mask = new byte[height * width];
    private readonly List<(double Area, Action<byte[]> Paint)> _waiting = [];

    /// <summary>Adds a polygon, or says why not.</summary>
    /// <param name="corners">x and y of each corner in pixels.</param>
    /// <param name="value">Its class.</param>
    /// <param name="what">What it is, for the warning.</param>
    /// <param name="warn">Takes the warning.</param>
    public void AddPolygon(double[] corners, byte value, string what, Action<string> warn) => AddPolygons([corners], value, _ => what, warn);

    /// <summary>Adds several polygons as one shape.</summary>
    public void AddPolygons(IReadOnlyList<double[]> polygons, byte value, Func<int, string> what, Action<string> warn)
    {
        var parts = new List<(double X, double Y)[]>();
        for (int i = 0; i < polygons.Count; i++)
        {
            double[] corners = polygons[i];
            if (corners.Length % 2 != 0)
                throw new InvalidDataException($"{what(i)} has {corners.Length} coordinates; x and y of each corner are expected.");
            if (corners.Length < 6)
                warn($"{what(i)} has {corners.Length / 2} points and so no area; it is skipped.");
            else
                parts.Add([.. Enumerable.Range(0, corners.Length / 2).Select(corner => (corners[2 * corner], corners[2 * corner + 1]))]);
            if (corners.Length >= 6 && IsOutside(parts[^1]))
                warn($"{what(i)} lies outside the image.");
        }
        parts.ForEach(part => PolygonPainter.CheckEffort(part, height));
        Add(parts.Sum(PolygonPainter.AreaOf), mask => parts.ForEach(part => PolygonPainter.Paint(mask, width, part, value)));
    }

    /// <summary>Adds run lengths that were checked.</summary>
    public void AddRuns(IReadOnlyList<long> counts, byte value) =>
        Add(counts.Where((_, i) => i % 2 == 1).Sum(), mask => RunLengths.Paint(mask, width, counts, value));

    /// <summary>Adds the pixels whose centres are in a circle.</summary>
    public void AddCircle(double centerX, double centerY, double radius, byte value) => Add(Math.PI * radius * radius, mask =>
    {
        for (int i = 0; i < mask.Length; i++)
        {
            double x = i % width + 0.5 - centerX, y = i / width + 0.5 - centerY;
            if (x * x + y * y <= radius * radius)
                mask[i] = value;
        }
    });

    /// <summary>Adds the pixels of a small picture that are not 0; what lies outside the image is cut off.</summary>
    public void AddStencil(byte[] pixels, int pixelWidth, int left, int top, byte value) => Add(pixels.Count(pixel => pixel != 0), mask =>
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            long x = (long)left + i % pixelWidth, y = (long)top + i / pixelWidth;
            if (pixels[i] != 0 && x >= 0 && x < width && y >= 0 && y < height)
                mask[y * width + x] = value;
        }
    });

    /// <summary>The mask with all of them.</summary>
    public byte[] Paint()
    {
        foreach (var (_, paint) in _waiting.OrderByDescending(shape => shape.Area))
            paint(_mask);
        _waiting.Clear();
        return _mask;
    }

    private bool IsOutside((double X, double Y)[] corners) =>
        corners.All(corner => corner.X <= 0) || corners.All(corner => corner.X >= width) || corners.All(corner => corner.Y <= 0) || corners.All(corner => corner.Y >= height);

    // What need not wait takes no memory.
    private void Add(double area, Action<byte[]> paint)
    {
        if (smallerOnTop)
            _waiting.Add((area, paint));
        else
            paint(_mask);
    }
}
