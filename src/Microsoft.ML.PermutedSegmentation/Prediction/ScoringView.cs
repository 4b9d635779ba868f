using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The rows of a data view with predictions, made a batch at a time. One cursor runs ahead on another thread and makes the next
/// batch of images ready while the network runs; another follows row by row. Neither predictions nor images cost anything
/// unless their columns are asked for.
/// </summary>
/// <remarks>The network itself does not run ahead: who stops at the first row does not pay for the second batch.</remarks>
internal sealed class ScoringView(IDataView source, SegmentationModel model, ScoringSchema schema, torch.Device device) : IDataView
{
    private const int BatchSize = 8;
    private const int BatchesAhead = 1;

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
        var scorer = new BatchScorer(model, device) { WithProbabilities = wanted.Any(column => column.Index == schema.Score.Index) };
        return new Cursor(this, schema, wanted, rows, source.GetLazyCursor([schema.Image]), scorer);
    }

    /// <inheritdoc/>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    // The images of all rows. Those before a row that cannot be read come out, as a batch that is not full, before its exception.
    private IEnumerable<ImageBatch> ReadBatches(DataViewRowCursor rows)
    {
        ValueGetter<MLImage> getImage = ImageColumn.GetGetter(rows, schema.Image);
        ExceptionDispatchInfo? failure = null;
        MLImage image = null!;
        bool atEnd = false;
        while (!atEnd)
        {
            var batch = new ImageBatch(model, BatchSize);
            try
            {
                while (!batch.IsFull && !(atEnd = !rows.MoveNext()))
                {
                    getImage(ref image);
                    batch.Add(image);
                }
            }
            catch (Exception exception)
            {
                (failure, atEnd) = (ExceptionDispatchInfo.Capture(exception), true);
            }
            if (batch.Count > 0)
                yield return batch;
            else
                batch.Dispose();
        }
        failure?.Throw();
    }

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly ScoringView _view;
        private readonly ScoringSchema _schema;
        private readonly HashSet<int> _wanted;
        private readonly DataViewRowCursor _rows;
        private readonly DataViewRowCursor? _ahead;
        private readonly IEnumerator<ImageBatch>? _batches;
        private readonly BatchScorer? _scorer;
        private int _index = -1, _count;

        public Cursor(ScoringView view, ScoringSchema schema, DataViewSchema.Column[] wanted, DataViewRowCursor rows, DataViewRowCursor? ahead, BatchScorer? scorer)
        {
            (_view, _schema, _rows, _ahead, _scorer) = (view, schema, rows, ahead, scorer);
            _wanted = [.. wanted.Select(column => column.Index)];
            if (ahead is not null)
                _batches = ReadAhead.Of(view.ReadBatches(ahead), BatchesAhead).GetEnumerator();
        }

        public override DataViewSchema Schema => _view.Schema;

        public override long Position => _rows.Position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            if (!_rows.MoveNext())
                return false;
            if (_batches is not null && ++_index == _count)
                ScoreNextBatch();
            return true;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => _wanted.Contains(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => _rows.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new ArgumentOutOfRangeException(nameof(column), column.Name, "This column was not asked for when the cursor was made.");
            return _schema.IsPrediction(column)
                ? PredictionGetter.For<TValue>(_schema, column, _scorer!, () => _index)
                : _rows.GetGetter<TValue>(_schema.Input[column.Index]);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _rows.Dispose();
                _batches?.Dispose(); // Waits until nobody uses the cursor ahead any more.
                _ahead?.Dispose();
            }
            base.Dispose(disposing);
        }

        private void ScoreNextBatch()
        {
            if (!_batches!.MoveNext())
                throw new InvalidOperationException($"Row {Position}: there was no such row when the images were read. The input must give the same rows each time.");
            using ImageBatch batch = _batches.Current;
            _scorer!.Run(batch);
            (_index, _count) = (0, batch.Count);
        }
    }
}
