using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>A cursor over rows with their predictions; it owns the cursor over the source, which runs ahead of it.</summary>
internal sealed class ScoringCursor : DataViewRowCursor
{
    private readonly ScoringSchema _schema;
    private readonly HashSet<int> _wanted;
    private readonly RowReadAhead _rows;
    private readonly BatchScorer _scorer;
    private readonly IEnumerator<RowBatch> _batches;
    private int _index = -1, _count;
    private long _position = -1;

    public ScoringCursor(IDataView source, ScoringSchema schema, DataViewSchema.Column[] wanted, SegmentationModel model, torch.Device device)
    {
        _schema = schema;
        _wanted = [.. wanted.Select(column => column.Index)];
        _scorer = new BatchScorer(model, device) { WithProbabilities = schema.Score is { } score && _wanted.Contains(score.Index) };
        DataViewSchema.Column[] carried = [.. wanted.Where(column => !schema.IsPrediction(column)).Select(column => schema.Input[column.Index])];
        _rows = new RowReadAhead(source, schema.InputsFor(wanted), schema, carried, model, device, model.Running.InputWorkers ?? InputWorkers.Beside(device));
        _batches = _rows.Read().GetEnumerator();
    }

    public override DataViewSchema Schema => _schema.Output;

    public override long Position => _position;

    public override long Batch => 0;

    public override bool MoveNext()
    {
        if (++_index >= _count && !ScoreNextBatch())
        {
            _position = -1;
            return false;
        }
        _position++;
        return true;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => _wanted.Contains(column.Index);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _rows.IdOf(_batches.Current.FirstPlace + _index);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw ScoringSchema.NotAskedFor(column);
        if (_schema.IsPrediction(column))
            return PredictionGetter.For<TValue>(_schema, column, _scorer, () => _index);
        int carried = _rows.CarriedIndexOf(column);
        return (ref TValue value) => _rows.GetCarried(carried, _batches.Current.FirstPlace + _index, ref value);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _batches.Dispose(); // Waits until nobody uses the source any more.
            _rows.Dispose();
        }
        base.Dispose(disposing);
    }

    private bool ScoreNextBatch()
    {
        if (!_batches.MoveNext())
            return false;
        RowBatch batch = _batches.Current;
        _scorer.Run(batch.Images);
        if (batch.Images.Whole is not null)
            _rows.ReleaseImage();
        (_index, _count) = (0, batch.Images.Count);
        return true;
    }
}
