namespace Microsoft.ML.PermutedSegmentation.SlidingWindows;

/// <summary>
/// Where windows lie along one side of a map of scores, and how they share its cells. Neighbours overlap by a quarter or more; in an overlap
/// the share of a window falls linearly towards its end, and is nowhere 0. The shares of a cell add up to 1; where only one window lies, its
/// share is exactly 1.
/// </summary>
internal sealed class WindowPositions
{
    private readonly int[] _starts;
    private readonly float[][] _shares;

    /// <param name="cells">The cells of the map along this side, at least as many as those of a window.</param>
    /// <param name="window">The cells of a window.</param>
    public WindowPositions(int cells, int window)
    {
        (Cells, Window) = (cells, window);
        int step = window - window / 4, intervals = (cells - window + step - 1) / step;
        _starts = [.. Enumerable.Range(0, intervals + 1).Select(i => intervals == 0 ? 0 : (int)((long)i * (cells - window) / intervals))];
        float[] sums = new float[cells];
        foreach (int start in _starts)
        {
            for (int i = 0; i < window; i++)
                sums[start + i] += Triangle(i, window);
        }
        _shares = Array.ConvertAll(_starts, start => Enumerable.Range(0, window).Select(i => Triangle(i, window) / sums[start + i]).ToArray());
    }

    /// <summary>The cells of the map along this side.</summary>
    public int Cells { get; }

    /// <summary>The cells of a window.</summary>
    public int Window { get; }

    /// <summary>How many windows there are.</summary>
    public int Count => _starts.Length;

    /// <summary>The first cell of a window.</summary>
    public int StartOf(int window) => _starts[window];

    /// <summary>The share that a window has of each of its cells.</summary>
    public ReadOnlySpan<float> SharesOf(int window) => _shares[window];

    private static float Triangle(int i, int window) => Math.Min(i + 1, window - i);
}
