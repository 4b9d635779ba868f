using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Reads the rows of a source in batches, with all that is wanted of each row.</summary>
internal sealed class RowReadAhead : IDisposable
{
    private const int MostRows = 8;

    private readonly int _batchSize;
    private readonly DataViewRowCursor _rows;
    private readonly SegmentationModel _model;
    private readonly ImageColumn.Reader _images;
    private readonly int[] _carried;
    // A batch's places are used again when its consumer must have gone on: one is with the consumer, one is being made, the rest wait.
    private readonly (CarriedColumn[] Columns, DataViewRowId[] Ids)[] _places;

    /// <param name="rows">The source; it becomes this object's.</param>
    /// <param name="schema">Where the source's images are.</param>
    /// <param name="carried">The columns of the source to carry along.</param>
    /// <param name="model">Whose network will read the images.</param>
    /// <param name="batchesAhead">How many finished batches may wait for their consumer; none of images that are read by windows.</param>
    public RowReadAhead(DataViewRowCursor rows, ScoringSchema schema, DataViewSchema.Column[] carried, SegmentationModel model, int batchesAhead)
    {
        (_rows, _model) = (rows, model);
        _batchSize = model.Description.ScoresResizedImages ? MostRows : 1;
        _images = schema.Image.CreateReader(rows);
        _carried = [.. carried.Select(column => column.Index)];
        _places = [.. Enumerable.Range(0, batchesAhead + 2).Select(_ => (
            carried.Select(column => CarriedColumn.Create(rows, column, _batchSize)).ToArray(), new DataViewRowId[_batchSize]))];
    }

    /// <summary>Where a column is in <see cref="RowBatch.Columns"/>.</summary>
    public int PlaceOf(DataViewSchema.Column column) => Array.IndexOf(_carried, column.Index);

    /// <summary>The batches. Rows before one that cannot be read come out, as a batch that is not full, before its exception.</summary>
    public IEnumerable<RowBatch> Read()
    {
        ValueGetter<DataViewRowId> getId = _rows.GetIdGetter();
        ExceptionDispatchInfo? failure = null;
        bool atEnd = false;
        for (int number = 0; !atEnd; number++)
        {
            (CarriedColumn[] columns, DataViewRowId[] ids) = _places[number % _places.Length];
            var batch = new RowBatch(new ImageBatch(_model, _batchSize), columns, ids);
            try
            {
                while (!batch.Images.IsFull && !(atEnd = !_rows.MoveNext()))
                    Keep(batch, getId);
            }
            catch (Exception exception)
            {
                (failure, atEnd) = (ExceptionDispatchInfo.Capture(exception), true);
            }
            if (atEnd && batch.Images.Whole is null)
                _images.Dispose(); // The last image may be large, and predictions of its batch can take a while.
            if (batch.Images.Count > 0)
                yield return batch;
            else
                batch.Dispose();
        }
        failure?.Throw();
    }

    /// <summary>Frees the image that was read last, which may be large.</summary>
    public void ReleaseImage() => _images.Release();

    /// <inheritdoc/>
    public void Dispose()
    {
        _images.Dispose();
        _rows.Dispose();
    }

    // A row counts once all of it has been read.
    private void Keep(RowBatch batch, ValueGetter<DataViewRowId> getId)
    {
        int index = batch.Images.Count;
        foreach (CarriedColumn column in batch.Columns)
            column.Keep(index);
        getId(ref batch.Ids[index]);
        batch.Images.Add(_images.Read());
    }
}
