using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>
/// Rows of a data view whose values several threads compute side by side. One cursor reads what the view's row mappers stand on
/// (paths, say), in order, and puts each row at a place; what the mappers make of it (images that are loaded, and resized) is made by the thread that asks for it.
/// </summary>
/// <remarks>What is no row mapper (a filter, for example), or remembers earlier rows, runs as it always does, with the cursor, and so does all below it.</remarks>
internal sealed class RowSplitter : IDisposable
{
    private readonly DataViewRowCursor _cursor;
    private readonly ValueGetter<DataViewRowId> _getId;
    private readonly CarriedColumn?[] _columns;
    private readonly (long Position, long Batch, DataViewRowId Id)[] _at;
    private readonly PlacedRow[] _placed;
    private readonly DataViewRow[] _rows;

    /// <param name="view">The view.</param>
    /// <param name="columns">The columns that will be asked for.</param>
    /// <param name="places">How many rows wait, or are in use, at the same time.</param>
    /// <param name="workers">How many threads use them.</param>
    public RowSplitter(IDataView view, IEnumerable<DataViewSchema.Column> columns, int places, int workers)
    {
        var mappers = new Stack<(IRowToRowMapper Mapper, DataViewSchema.Column[] Columns)>();
        DataViewSchema.Column[] needed = [.. columns];
        while (KnowsOneRow(view) && view is IRowToRowMapper mapper && view is IDataTransform { Source: var source })
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
        _placed = [.. Enumerable.Range(0, workers).Select(_ => new PlacedRow(this))];
        _rows = [.. _placed.Select(placed => mappers.Aggregate((DataViewRow)placed, (row, next) => next.Mapper.GetRow(row, next.Columns)))];
    }

    /// <summary>A thread's row, which is at a place.</summary>
    public DataViewRow this[int worker] => _rows[worker];

    /// <summary>Moves a thread's row to a place.</summary>
    public void MoveTo(int place, int worker) => _placed[worker].Place = place;

    /// <summary>Forgets what may be large of the row at a place, which nobody needs any more.</summary>
    public void Forget(int place)
    {
        foreach (CarriedColumn? column in _columns)
            column?.Forget(place);
    }

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

    // Other mappers may remember earlier rows, as StatefulCustomMapping's and those of time series do.
    private static bool KnowsOneRow(IDataView view) => view is RowToRowMapperTransform || view.GetType().DeclaringType == typeof(ColumnSelectingTransformer);

    private sealed class PlacedRow(RowSplitter splitter) : DataViewRow
    {
        public int Place { get; set; }

        public override DataViewSchema Schema => splitter._cursor.Schema;

        public override long Position => splitter._at[Place].Position;

        public override long Batch => splitter._at[Place].Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => splitter._columns[column.Index] is not null;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = splitter._at[Place].Id;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            CarriedColumn carried = splitter._columns[column.Index] ?? throw new InvalidOperationException($"Column '{column.Name}' is not active.");
            return (ref TValue value) => carried.Get(Place, ref value);
        }
    }
}
