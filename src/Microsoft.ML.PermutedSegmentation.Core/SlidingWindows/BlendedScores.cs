using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.SlidingWindows;

/// <summary>Scores some windows of a row of them.</summary>
/// <param name="top">Where they lie, in cells of the map of scores.</param>
/// <param name="lefts">Where each of them lies.</param>
/// <returns>For each window rows x columns x classes, valid until the next call.</returns>
internal delegate ReadOnlySpan<float> WindowRun(int top, ReadOnlySpan<int> lefts);

/// <summary>
/// The scores of an image, blended from those of overlapping windows. Rows are read from top to bottom, and windows run when a row needs
/// them; only as many rows are in memory as windows have, and one more.
/// </summary>
internal sealed class BlendedScores
{
    private readonly WindowPositions _down, _across;
    private readonly int _classes, _windowsAtOnce;
    private readonly WindowRun _run;
    private readonly float[][] _scores;
    private readonly byte[][] _best;
    private int _windowRows, _started;
    private int _finished;

    /// <param name="down">The windows from top to bottom.</param>
    /// <param name="across">The windows from left to right.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="windowsAtOnce">The most windows that run together.</param>
    /// <param name="run">Runs windows.</param>
    public BlendedScores(WindowPositions down, WindowPositions across, int classes, int windowsAtOnce, WindowRun run)
    {
        (_down, _across, _classes, _windowsAtOnce, _run) = (down, across, classes, windowsAtOnce, run);
        int kept = down.Window + 1;
        _scores = [.. Enumerable.Range(0, kept).Select(_ => new float[across.Cells * classes])];
        _best = [.. Enumerable.Range(0, kept).Select(_ => new byte[across.Cells])];
    }

    /// <summary>Rows of cells.</summary>
    public int Rows => _down.Cells;

    /// <summary>Cells in a row.</summary>
    public int Columns => _across.Cells;

    /// <summary>Classes of a cell.</summary>
    public int Classes => _classes;

    /// <summary>Runs the windows that a row needs. From then on rows more than one above it are gone.</summary>
    public void MoveTo(int row)
    {
        while (_finished <= row)
        {
            AddWindowRow();
            int end = _windowRows < _down.Count ? _down.StartOf(_windowRows) : Rows;
            for (; _finished < end; _finished++)
                FindBest(_scores[_finished % _scores.Length], _best[_finished % _best.Length]);
        }
    }

    /// <summary>The scores of a row that was moved to, or of the one above it: columns x classes.</summary>
    public ReadOnlySpan<float> ScoresOf(int row) => _scores[row % _scores.Length];

    /// <summary>The class with the highest score in each cell of such a row.</summary>
    public ReadOnlySpan<byte> BestOf(int row) => _best[row % _best.Length];

    private void AddWindowRow()
    {
        int top = _down.StartOf(_windowRows);
        for (; _started < top + _down.Window; _started++)
            _scores[_started % _scores.Length].AsSpan().Clear();
        Span<int> lefts = stackalloc int[_windowsAtOnce];
        for (int first = 0; first < _across.Count; first += _windowsAtOnce)
        {
            int count = Math.Min(_windowsAtOnce, _across.Count - first);
            for (int i = 0; i < count; i++)
                lefts[i] = _across.StartOf(first + i);
            ReadOnlySpan<float> scores = _run(top, lefts[..count]);
            for (int i = 0; i < count; i++)
                Add(scores.Slice(i * (scores.Length / count), scores.Length / count), first + i, top);
        }
        _windowRows++;
    }

    private void Add(ReadOnlySpan<float> scores, int window, int top)
    {
        ReadOnlySpan<float> down = _down.SharesOf(_windowRows), across = _across.SharesOf(window);
        int left = _across.StartOf(window);
        for (int y = 0; y < down.Length; y++)
        {
            Span<float> row = _scores[(top + y) % _scores.Length];
            for (int x = 0; x < across.Length; x++)
            {
                Span<float> target = row.Slice((left + x) * _classes, _classes);
                TensorPrimitives.MultiplyAdd(scores.Slice((y * across.Length + x) * _classes, _classes), down[y] * across[x], target, target);
            }
        }
    }

    private void FindBest(ReadOnlySpan<float> scores, Span<byte> best)
    {
        for (int x = 0; x < best.Length; x++)
            best[x] = (byte)TensorPrimitives.IndexOfMax(scores.Slice(x * _classes, _classes));
    }
}
