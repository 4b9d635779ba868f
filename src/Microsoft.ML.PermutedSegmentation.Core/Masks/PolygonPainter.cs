namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>
/// Paints polygons into masks. A pixel belongs to a polygon if its centre does, by the even-odd rule: what is enclosed twice is outside.
/// A centre on an edge belongs to the polygon to its right or below, so that polygons which share an edge share no pixel.
/// </summary>
internal static class PolygonPainter
{
    private const long MostCrossings = 1 << 24;

    /// <summary>Paints one polygon; what lies outside the mask is cut off.</summary>
    /// <param name="mask">The mask, [height, width].</param>
    /// <param name="width">Width in pixels; the centre of the pixel in column 0 is at 0.5.</param>
    /// <param name="corners">Its corners. The last one is joined to the first.</param>
    /// <param name="value">What its pixels become.</param>
    public static void Paint(Span<byte> mask, int width, IReadOnlyList<(double X, double Y)> corners, byte value)
    {
        int height = mask.Length / width;
        CheckEffort(corners, height);
        var rows = new List<double>?[height];
        for (int i = 0; i < corners.Count; i++)
            AddCrossings(rows, corners[i], corners[(i + 1) % corners.Count]);
        for (int y = 0; y < height; y++)
        {
            if (rows[y] is not { } crossings)
                continue;
            crossings.Sort();
            // A closed line crosses a row an even number of times.
            for (int i = 0; i + 1 < crossings.Count; i += 2)
            {
                int start = FirstCentre(crossings[i], width), end = FirstCentre(crossings[i + 1], width);
                mask.Slice(y * width + start, end - start).Fill(value);
            }
        }
    }

    /// <summary>The area that corners enclose, by the shoelace formula; parts that are enclosed the other way round count against it.</summary>
    public static double AreaOf(IReadOnlyList<(double X, double Y)> corners)
    {
        double sum = 0;
        for (int i = 0; i < corners.Count; i++)
        {
            var (a, b) = (corners[i], corners[(i + 1) % corners.Count]);
            sum += a.X * b.Y - b.X * a.Y;
        }
        return Math.Abs(sum) / 2;
    }

    /// <summary>Refuses what would take too long: a file of some megabytes could ask for more memory than there is.</summary>
    /// <exception cref="InvalidDataException">The polygon crosses the rows of the image too often.</exception>
    public static void CheckEffort(IReadOnlyList<(double X, double Y)> corners, int height)
    {
        long crossings = 0;
        for (int i = 0; i < corners.Count; i++)
            crossings += Math.Abs(FirstCentre(corners[i].Y, height) - FirstCentre(corners[(i + 1) % corners.Count].Y, height));
        if (crossings > MostCrossings)
            throw new InvalidDataException($"a polygon of {corners.Count:N0} corners crosses the image's rows {crossings:N0} times; at most {MostCrossings:N0} are painted.");
    }

    // Where the edge crosses the rows' centres: its upper end belongs to it, its lower end to the next edge.
    private static void AddCrossings(List<double>?[] rows, (double X, double Y) a, (double X, double Y) b)
    {
        if (a.Y == b.Y)
            return;
        if (a.Y > b.Y)
            (a, b) = (b, a);
        int first = FirstCentre(a.Y, rows.Length), end = FirstCentre(b.Y, rows.Length);
        for (int y = first; y < end; y++)
            (rows[y] ??= []).Add(a.X + (y + 0.5 - a.Y) * ((b.X - a.X) / (b.Y - a.Y)));
    }

    // The first pixel whose centre is not before a place.
    private static int FirstCentre(double place, int count) => (int)Math.Clamp(Math.Ceiling(place - 0.5), 0, count);
}
