using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>
/// Rows of a data view whose values several threads compute side by side, each at a place of its own. One cursor reads what the view's row mappers stand on
/// (paths, say), in order; what the mappers make of it (images that are loaded, and resized) is made by whoever asks for it.
/// </summary>
/// <remarks>What is no row mapper (a filter, for example), or remembers earlier rows, runs as it always does, with the cursor, and so does all below it.</remarks>
internal sealed class RowSplitter : IDisposable
{
    private readonly DataViewRowCursor _cursor;
    private readonly ValueGetter<DataViewRowId> _getId;
    private readonly CarriedColumn?[] _columns;
    private readonly (long Position, long Batch, DataViewRowId Id)[] _at;
    private readonly DataViewRow[] _rows;

    /// <param name="view">The view.</param>
    /// <param name="columns">The columns that will be asked for.</param>
    /// <param name="places">How many rows are in use at the same time.</param>
    public RowSplitter(IDataView view, IEnumerable<DataViewSchema.Column> columns, int places)
    {
        var mappers = new Stack<(IRowToRowMapper Mapper, DataViewSchema.Column[] Columns)>();
        DataViewSchema.Column[] needed = [.. columns];
        // Mappings with a memory of earlier rows, StatefulCustomMapping's, derive from that base.
        while (view is IRowToRowMapper mapper and not RowToRowMapperTransformBase && view is IDataTransform { Source: var source } && mapper.InputSchema == source.Schema)
        {
            mappers.Push((mapper, needed));
            needed = [.. mapper.GetDependencies(needed)];
            view = source;
        }
        _cursor = view.GetLazyCursor(needed);
        _getId = _cursor.GetIdGetter();
        _columns = new CarriedColumn?[view.Schema.Count];
        foreach (DataViewSchema.Column column in needed)
            _columns[column.Index] = CarriedColumn.Create(_cursor, column, places);
        _at = new (long, long, DataViewRowId)[places];
        _rows = [.. Enumerable.Range(0, places).Select(place =>
            mappers.Aggregate((DataViewRow)new PlacedRow(this, place), (row, next) => next.Mapper.GetRow(row, next.Columns)))];
    }

    /// <summary>The row at a place.</summary>
    public DataViewRow this[int place] => _rows[place];

    /// <summary>Which row of the view was read last, counted from 0.</summary>
    public long Position => _cursor.Position;

    /// <summary>Skips a row, which costs nothing; false: there is none.</summary>
    public bool Skip() => _cursor.MoveNext();

    /// <summary>Puts the next row at a place whose last row nobody uses any more; false: there is none. One thread at a time.</summary>
    public bool MoveNext(int place)
    {
        if (!_cursor.MoveNext())
            return false;
        foreach (CarriedColumn? column in _columns)
            column?.Keep(place);
        (_at[place].Position, _at[place].Batch) = (_cursor.Position, _cursor.Batch);
        _getId(ref _at[place].Id);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DataViewRow row in _rows)
            row.Dispose();
        _cursor.Dispose();
    }

    private sealed class PlacedRow(RowSplitter splitter, int place) : DataViewRow
    {
        public override DataViewSchema Schema => splitter._cursor.Schema;

        public override long Position => splitter._at[place].Position;

        public override long Batch => splitter._at[place].Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => splitter._columns[column.Index] is not null;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = splitter._at[place].Id;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            CarriedColumn carried = splitter._columns[column.Index] ?? throw new InvalidOperationException($"Column '{column.Name}' is not active.");
            return (ref TValue value) => carried.Get(place, ref value);
        }
    }
}
