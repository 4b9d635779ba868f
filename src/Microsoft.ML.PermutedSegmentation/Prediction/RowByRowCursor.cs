using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>A cursor over rows that are made of those of another cursor, one at a time.</summary>
/// <param name="rows">The other cursor.</param>
/// <param name="made">The row that is made of its current row, and owns it.</param>
internal sealed class RowByRowCursor(DataViewRowCursor rows, DataViewRow made) : DataViewRowCursor
{
    public override DataViewSchema Schema => made.Schema;

    public override long Position => made.Position;

    public override long Batch => made.Batch;

    public override bool MoveNext() => rows.MoveNext();

    public override bool IsColumnActive(DataViewSchema.Column column) => made.IsColumnActive(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => made.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => made.GetGetter<TValue>(column);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            made.Dispose();
        base.Dispose(disposing);
    }
}
