using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation.Running;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Makes the columns of predictions, running the network once for each row.</summary>
internal sealed class OnnxColumns : IColumnMaker
{
    private readonly ProtectedOnnxTransformer _parent;
    private readonly ImageColumn _images;
    private readonly DataViewSchema.DetachedColumn[] _columns;

    public OnnxColumns(ProtectedOnnxTransformer parent, DataViewSchema inputSchema)
    {
        _parent = parent;
        _images = ImageColumn.Find(inputSchema, parent.Columns.Image);
        _columns = parent.Output.ToColumns(parent.Columns);
    }

    public DataViewSchema.DetachedColumn[] GetOutputColumns() => _columns;

    public Func<int, bool> GetDependencies(Func<int, bool> activeOutput)
    {
        bool isActive = Enumerable.Range(0, _columns.Length).Any(activeOutput);
        return column => isActive && _images.Columns.Any(needed => needed.Index == column);
    }

    public Delegate?[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action? disposer)
    {
        disposer = null;
        if (!Enumerable.Range(0, _columns.Length).Any(activeOutput))
            return new Delegate?[_columns.Length];
        var row = new ScoredRow(_parent, input, _images);
        disposer = row.Dispose;
        return [.. Enumerable.Range(0, _columns.Length).Select(i => activeOutput(i) ? GetterOf(row, i) : null)];
    }

    private Delegate GetterOf(ScoredRow row, int index)
    {
        string name = _columns[index].Name;
        // The first of two columns of that name is the hidden one.
        if (index == 0)
            return (ValueGetter<VBuffer<int>>)((ref VBuffer<int> value) => Copy(row.GetImageSize(), ref value));
        if (name == _parent.Columns.Score)
            return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Score(withProbabilities: true).Probabilities, ref value));
        return name == _parent.Columns.PredictedLabel
            ? (ValueGetter<VBuffer<byte>>)((ref VBuffer<byte> value) => Copy(row.Score().Labels, ref value))
            : (ValueGetter<VBuffer<int>>)((ref VBuffer<int> value) => Copy(row.GetMaskSize(), ref value));
    }

    private static void Copy<T>(T[]? source, ref VBuffer<T> value)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref value, source!.Length);
        source.CopyTo(editor.Values);
        value = editor.Commit();
    }

    /// <summary>The current row of a cursor, scored at most once.</summary>
    private sealed class ScoredRow(ProtectedOnnxTransformer parent, DataViewRow input, ImageColumn images) : IDisposable
    {
        private readonly OnnxSegmenter _segmenter = parent.ToScore();
        private readonly ImageColumn.Reader _images = images.CreateReader(input);
        private int[] _imageSize = [];
        private ScoredImage? _scored;
        private long _position = long.MinValue;
        private bool _withProbabilities;

        public int[] GetImageSize()
        {
            Score();
            return _imageSize;
        }

        public int[] GetMaskSize() => [Score().Height, _scored!.Width];

        public ScoredImage Score(bool withProbabilities = false)
        {
            // A PredictionEngine makes all columns active, but gets only those that its output type has.
            _withProbabilities |= withProbabilities;
            if (_scored is null || _position != input.Position || (_withProbabilities && _scored.Probabilities is null))
            {
                MLImage image = _images.Read();
                (_imageSize, _position) = ([image.Height, image.Width], input.Position);
                _scored = _segmenter.Score(image, _withProbabilities);
            }
            return _scored;
        }

        public void Dispose() => _images.Dispose();
    }
}
