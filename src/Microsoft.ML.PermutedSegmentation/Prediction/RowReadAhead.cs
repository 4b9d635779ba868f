using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Reads the rows of a source in batches, with all that is wanted of each row; several threads read ahead of the consumer.</summary>
internal sealed class RowReadAhead : IDisposable
{
    private const int MostRows = 8;

    private readonly int _batchSize, _workers, _ahead;
    private readonly RowSplitter _rows;
    // A row's place is used again when its consumer must have gone on: with a batch the consumer has, and those that are begun or wait, there are enough.
    private readonly ReadRow[] _places;
    private readonly ImageBatch[] _batches;
    private readonly int[] _carried;

    /// <param name="source">The source.</param>
    /// <param name="inputs">The columns of the source that will be asked for.</param>
    /// <param name="schema">Where the source's images are.</param>
    /// <param name="carried">The columns of the source to carry along.</param>
    /// <param name="model">Whose network will read the images.</param>
    /// <param name="workers">How many threads read images; those that are read by windows are too large to have another one wait, and are read when they are asked for.</param>
    public RowReadAhead(IDataView source, IEnumerable<DataViewSchema.Column> inputs, ScoringSchema schema, DataViewSchema.Column[] carried, SegmentationModel model, int workers)
    {
        (_batchSize, _workers) = model.Description.ScoresResizedImages ? (MostRows, workers) : (1, 0);
        _ahead = _workers == 0 ? 0 : MostRows + Math.Max(MostRows, workers);
        _batches = [.. Enumerable.Range(0, 1 + (_ahead + MostRows - 1) / MostRows).Select(_ => new ImageBatch(model, _batchSize))];
        _rows = new RowSplitter(source, inputs, _batches.Length * _batchSize);
        _carried = [.. carried.Select(column => column.Index)];
        _places = [.. Enumerable.Range(0, _batches.Length * _batchSize).Select(place => new ReadRow(_rows[place], schema, carried))];
    }

    /// <summary>Where a column is in <see cref="ReadRow"/>.</summary>
    public int PlaceOf(DataViewSchema.Column column) => Array.IndexOf(_carried, column.Index);

    /// <summary>The batches. Rows before one that cannot be read come out, as a batch that is not full, before its exception.</summary>
    public IEnumerable<RowBatch> Read()
    {
        using IEnumerator<int> read = (_workers > 0 ? OrderedWorkers.Run(Numbers(), _workers, _ahead, Read) : Numbers().Select(Read)).GetEnumerator();
        ExceptionDispatchInfo? failure = null;
        bool atEnd = false;
        for (int number = 0; !atEnd; number++)
        {
            int batch = number % _batches.Length;
            int count = 0;
            try
            {
                while (count < _batchSize && !(atEnd = !read.MoveNext()))
                    count++;
            }
            catch (Exception exception)
            {
                (failure, atEnd) = (ExceptionDispatchInfo.Capture(exception), true);
            }
            _batches[batch].Count = count;
            if (count > 0)
                yield return new RowBatch(_batches[batch], new ArraySegment<ReadRow>(_places, batch * _batchSize, count));
        }
        failure?.Throw();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ReadRow place in _places)
            place.Dispose();
        _rows.Dispose();
        foreach (ImageBatch batch in _batches)
            batch.Dispose();
    }

    private IEnumerable<int> Numbers()
    {
        for (int number = 0; _rows.MoveNext(number % _places.Length); number++)
            yield return number;
    }

    private int Read(int number)
    {
        _places[number % _places.Length].Read(_batches[number / _batchSize % _batches.Length], number % _batchSize);
        return number;
    }
}
