namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Rows of a data view whose images and masks several threads read side by side.</summary>
/// <param name="data">The rows, which are not touched before the first is wanted.</param>
/// <param name="images">The column of images.</param>
/// <param name="masks">The column of masks.</param>
/// <param name="count">How many rows wait, or are in use, at the same time.</param>
/// <param name="workers">How many threads read.</param>
internal sealed class RowPlaces(IDataView data, ImageColumn images, MaskColumn masks, int count, int workers) : IDisposable
{
    private RowSplitter? _rows;
    private RowReader[] _readers = [];
    private int _next;

    /// <summary>What a thread reads with.</summary>
    public RowReader ReaderOf(int worker) => _readers[worker];

    /// <summary>All rows in order, each at a place.</summary>
    public IEnumerable<RowPlace> All()
    {
        for (int row = 0; Next(row) is { } place; row++)
            yield return place;
    }

    /// <summary>A row, not before the last one, at the next place, whose last row must not be in use any more; null: there is none.</summary>
    public RowPlace? Next(int row, (int Height, int Width)? expectedSize = null)
    {
        if (_rows is null)
        {
            _rows = new RowSplitter(data, [.. images.Columns, .. masks.Columns], count, workers);
            _readers = [.. Enumerable.Range(0, workers).Select(worker => new RowReader(_rows, worker, images, masks))];
        }
        // What is not wanted costs nothing: its getters are not called.
        while (_rows.Position + 1 < row)
        {
            if (!_rows.Skip())
                return null;
        }
        int place = _next++ % count;
        return _rows.MoveNext(place) ? new RowPlace(this, place, row, expectedSize) : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RowReader reader in _readers)
            reader.Dispose();
        _rows?.Dispose();
    }
}
