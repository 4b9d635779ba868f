namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>
/// The rows of a data view with predictions, each made when it is asked for. There is one cursor over the source: ML.NET's own views of such a mapper
/// run ahead on several threads, and make predictions of dozens of rows that nobody may ask for.
/// </summary>
internal sealed class RowByRowView(IDataView source, ScoringRowMapper mapper) : IDataView
{
    /// <inheritdoc/>
    public DataViewSchema Schema => mapper.OutputSchema;

    /// <inheritdoc/>
    public bool CanShuffle => false;

    /// <inheritdoc/>
    public long? GetRowCount() => source.GetRowCount();

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] wanted = [.. columnsNeeded];
        DataViewRowCursor rows = source.GetLazyCursor(mapper.GetDependencies(wanted));
        try
        {
            return new RowByRowCursor(rows, mapper.GetRow(rows, wanted));
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];
}
