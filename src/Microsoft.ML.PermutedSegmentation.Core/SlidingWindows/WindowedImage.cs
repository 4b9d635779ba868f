using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.SlidingWindows;

/// <summary>
/// One image, scored as its model says (<see cref="ScoringMode"/>, <see cref="TestTimeAugmentation"/>): by overlapping windows, and from several
/// views of it. Its rows are made from top to bottom, and memory is needed for one row of windows, whatever the height of the image.
/// </summary>
/// <remarks>
/// A model that resizes images has one window, at scales above 1 several; below 1, a window is filled up with the image's reflection. Windows
/// begin at whole cells of the network's last map, so that their scores are blended cell by cell, and upsampled together.
/// </remarks>
public sealed class WindowedImage
{
    // Small windows run together. One of 512x512 already keeps a processor busy.
    private const long PixelsAtOnce = 4 * 256 * 256;
    private const int MostWindowsAtOnce = 8;

    private readonly int _classes;
    private readonly View[] _views;
    private readonly float[] _pixel, _sum;

    /// <summary>An image; nothing is scored yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="height">Height of the image, at least 1.</param>
    /// <param name="width">Width of the image, at least 1.</param>
    /// <param name="pixels">The pixels of the image.</param>
    /// <param name="scorer">Runs the model's network.</param>
    public WindowedImage(ModelDescription model, int height, int width, PixelSource pixels, WindowScorer scorer)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(scorer);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        (Height, Width) = model.ScoringMode == ScoringMode.Resize ? (model.ImageHeight, model.ImageWidth) : (height, width);
        _classes = model.ClassNames.Count;
        (_pixel, _sum) = (new float[_classes], new float[_classes]);
        int atOnce = (int)Math.Clamp(PixelsAtOnce / ((long)model.ImageHeight * model.ImageWidth), 1, MostWindowsAtOnce);
        float[] windows = new float[checked(atOnce * model.ImageHeight * model.ImageWidth * 3)];
        _views = [.. from scale in model.TestTimeAugmentation.Scales
                     from mirrored in model.TestTimeAugmentation.Flip ? (bool[])[false, true] : [false]
                     let view = new ImageView(pixels, (height, width), Scaled(Height, scale), Scaled(Width, scale), mirrored)
                     select new View(model, view, Height, Width, atOnce, windows, scorer)];
    }

    /// <summary>Height of the mask.</summary>
    public int Height { get; }

    /// <summary>Width of the mask.</summary>
    public int Width { get; }

    /// <summary>Makes the labels and, if there is room for them, the probabilities. Call it once.</summary>
    /// <param name="labels">Filled with key values, height x width: class k is k + 1.</param>
    /// <param name="probabilities">Filled with the probability of each class at each pixel, classes x height x width; empty: not made.</param>
    /// <exception cref="ArgumentException">There is room for more or fewer.</exception>
    public void Run(Span<byte> labels, Span<float> probabilities = default)
    {
        int size = checked(Height * Width);
        if (labels.Length != size)
            throw new ArgumentException($"There are {Height} x {Width} labels, not {labels.Length}.", nameof(labels));
        if (!probabilities.IsEmpty && probabilities.Length != (long)size * _classes)
            throw new ArgumentException($"There are {_classes} x {Height} x {Width} probabilities, not {probabilities.Length}.", nameof(probabilities));
        for (int y = 0; y < Height; y++)
        {
            foreach (View view in _views)
                view.MoveTo(y);
            if (_views is [var single])
                single.Row.GetLabels(labels.Slice(y * Width, Width), _pixel);
            else
                GetLabels(labels.Slice(y * Width, Width));
            for (int x = 0; x < Width && !probabilities.IsEmpty; x++)
            {
                SumProbabilities(x);
                for (int k = 0; k < _classes; k++)
                    probabilities[k * size + y * Width + x] = _sum[k] / _views.Length;
            }
        }
    }

    private static int Scaled(int side, double scale) => Math.Max(1, (int)Math.Round(side * scale));

    private void GetLabels(Span<byte> labels)
    {
        for (int x = 0; x < labels.Length; x++)
        {
            int label = _views[0].Row.AgreedClass(x);
            for (int i = 1; i < _views.Length && label != UpsampledRow.NoClass; i++)
                label = _views[i].Row.AgreedClass(x) == label ? label : UpsampledRow.NoClass;
            if (label == UpsampledRow.NoClass)
            {
                SumProbabilities(x);
                label = TensorPrimitives.IndexOfMax<float>(_sum);
            }
            labels[x] = MaskLabels.ToKeyValue((byte)label);
        }
    }

    private void SumProbabilities(int x)
    {
        _sum.AsSpan().Clear();
        foreach (View view in _views)
        {
            view.Row.GetProbabilities(x, _pixel);
            TensorPrimitives.Add(_sum, _pixel, _sum);
        }
    }

    /// <summary>What one view of the image says of a row of the mask.</summary>
    private sealed class View
    {
        private readonly BlendedScores _scores;
        private readonly float _size;

        public View(ModelDescription model, ImageView image, int height, int width, int windowsAtOnce, float[] windows, WindowScorer scorer)
        {
            int stride = model.Layout.Output.Stride, windowSize = model.ImageHeight * model.ImageWidth * 3;
            WindowPositions down = Along(image.Height, model.ImageHeight), across = Along(image.Width, model.ImageWidth);
            _scores = new BlendedScores(down, across, model.ClassNames.Count, windowsAtOnce, (top, lefts) =>
            {
                for (int i = 0; i < lefts.Length; i++)
                    image.Read(top * stride, lefts[i] * stride, model.ImageWidth, windows.AsSpan(i * windowSize, windowSize));
                return scorer(windows, lefts.Length);
            });
            Neighbors[] columns = Neighbors.OfAll(width, SizeOf(across, width, image.Width), across.Cells);
            if (image.IsMirrored)
                Array.Reverse(columns);
            Row = new UpsampledRow(columns, across.Cells, model.ClassNames.Count);
            _size = SizeOf(down, height, image.Height);

            WindowPositions Along(int side, int window) => new((Math.Max(side, window) + stride - 1) / stride, window / stride);

            // The size of the map of scores in pixels of the mask: more than the mask where the last cells lie beyond the image.
            float SizeOf(WindowPositions positions, int side, int scaledSide) => (float)((double)positions.Cells * stride * side / scaledSide);
        }

        public UpsampledRow Row { get; }

        public void MoveTo(int y)
        {
            (int above, int below, float share) = Neighbors.Of(y, _size, _scores.Rows);
            _scores.MoveTo(below);
            Row.Set(_scores.ScoresOf(above), _scores.BestOf(above), _scores.ScoresOf(below), _scores.BestOf(below), share);
        }
    }
}
