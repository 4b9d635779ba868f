using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The same rows with other names of the classes of their masks, as somebody else's column may have them.</summary>
internal sealed class Renamed : IDataView
{
    private readonly IDataView _rows;

    public Renamed(IDataView rows, IReadOnlyList<string> names)
    {
        _rows = rows;
        var schema = new DataViewSchema.Builder();
        foreach (DataViewSchema.Column column in rows.Schema)
            schema.AddColumn(column.Name, column.Type, column.Name == "Label" ? ClassNameAnnotation.Of(names) : column.Annotations);
        Schema = schema.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => false;

    public long? GetRowCount() => _rows.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        throw new InvalidOperationException("The names are refused before any row is read.");

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
