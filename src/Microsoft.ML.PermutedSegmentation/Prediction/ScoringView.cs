using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The rows of a data view with predictions, made a batch at a time: one cursor runs ahead and collects images, another
/// follows row by row. Neither predictions nor images cost anything unless their columns are asked for.
/// </summary>
internal sealed class ScoringView(IDataView source, SegmentationModel model, ScoringSchema schema, torch.Device device) : IDataView
{
    private const int BatchSize = 8;

    /// <inheritdoc/>
    public DataViewSchema Schema => schema.Output;

    /// <inheritdoc/>
    public bool CanShuffle => false;

    /// <inheritdoc/>
    public long? GetRowCount() => source.GetRowCount();

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] wanted = [.. columnsNeeded];
        // Images are read by the cursor that runs ahead; the one that follows reads them only for a caller who wants them.
        DataViewRowCursor rows = source.GetLazyCursor(schema.Input.Where(column => wanted.Any(output => output.Index == column.Index)));
        if (!wanted.Any(schema.IsPrediction))
            return new Cursor(this, schema, wanted, rows, null, null);
        var scorer = new BatchScorer(model, device, withProbabilities: wanted.Any(column => column.Index == schema.Score.Index), BatchSize);
        return new Cursor(this, schema, wanted, rows, source.GetLazyCursor([schema.Image]), scorer);
    }

    /// <inheritdoc/>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly ScoringView _view;
        private readonly ScoringSchema _schema;
        private readonly HashSet<int> _wanted;
        private readonly DataViewRowCursor _rows;
        private readonly DataViewRowCursor? _ahead;
        private readonly BatchScorer? _scorer;
        private readonly ValueGetter<MLImage>? _getImage;
        private MLImage? _image;

        public Cursor(ScoringView view, ScoringSchema schema, DataViewSchema.Column[] wanted, DataViewRowCursor rows, DataViewRowCursor? ahead, BatchScorer? scorer)
        {
            (_view, _schema, _rows, _ahead, _scorer) = (view, schema, rows, ahead, scorer);
            _wanted = [.. wanted.Select(column => column.Index)];
            _getImage = ahead is null ? null : ImageColumn.GetGetter(ahead, schema.Image);
        }

        public override DataViewSchema Schema => _view.Schema;

        public override long Position => _rows.Position;

        public override long Batch => 0;

        private int IndexInBatch => (int)(Position % BatchSize);

        public override bool MoveNext()
        {
            if (!_rows.MoveNext())
                return false;
            if (_scorer is not null && IndexInBatch == 0)
                ScoreNextBatch(_scorer);
            return true;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => _wanted.Contains(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => _rows.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new ArgumentOutOfRangeException(nameof(column), column.Name, "This column was not asked for when the cursor was made.");
            return _schema.IsPrediction(column)
                ? PredictionGetter.For<TValue>(_schema, column, _scorer!, () => IndexInBatch)
                : _rows.GetGetter<TValue>(_schema.Input[column.Index]);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _rows.Dispose();
                _ahead?.Dispose();
                _scorer?.Dispose();
            }
            base.Dispose(disposing);
        }

        private void ScoreNextBatch(BatchScorer scorer)
        {
            scorer.Clear();
            while (!scorer.IsFull && _ahead!.MoveNext())
            {
                _getImage!(ref _image!);
                scorer.Add(_image);
            }
            scorer.Run();
        }
    }
}
