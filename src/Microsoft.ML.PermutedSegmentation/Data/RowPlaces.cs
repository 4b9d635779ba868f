namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Rows of a data view whose images and masks several threads read side by side.</summary>
/// <param name="data">The rows, which are not touched before the first is wanted.</param>
/// <param name="images">The column of images.</param>
/// <param name="masks">The column of masks.</param>
/// <param name="count">How many rows are in use at the same time.</param>
internal sealed class RowPlaces(IDataView data, ImageColumn images, MaskColumn masks, int count) : IDisposable
{
    private RowSplitter? _rows;
    private RowPlace[] _places = [];
    private int _next;

    /// <summary>All rows in order, each at a place.</summary>
    public IEnumerable<RowPlace> All()
    {
        for (int row = 0; Next(row) is { } place; row++)
            yield return place;
    }

    /// <summary>The next place, with a row that is not before the last one; null: there is none. The place's last row must not be in use any more.</summary>
    public RowPlace? Next(int row)
    {
        if (_rows is null)
        {
            _rows = new RowSplitter(data, [.. images.Columns, .. masks.Columns], count);
            _places = [.. Enumerable.Range(0, count).Select(place => new RowPlace(_rows[place], images, masks))];
        }
        // What is not wanted costs nothing: its getters are not called.
        while (_rows.Position + 1 < row)
        {
            if (!_rows.Skip())
                return null;
        }
        int place = _next++ % count;
        return _rows.MoveNext(place) ? _places[place] : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RowPlace place in _places)
            place.Dispose();
        _rows?.Dispose();
    }
}
