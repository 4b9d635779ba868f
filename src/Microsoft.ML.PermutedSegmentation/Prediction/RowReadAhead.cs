using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Reads the rows of a source in batches, with all that is wanted of each row; several threads read ahead of the consumer.</summary>
internal sealed class RowReadAhead : IDisposable
{
    // Rows in a batch. A GPU needs more of small images to be busy.
    private const int RowsOnCpu = 8, MostRows = 32, PixelsOnGpu = MostRows * 256 * 256;

    private readonly int _batchSize, _workers, _ahead;
    private readonly RowSplitter _rows;
    // A row's place is used again when its consumer must have gone on: with a batch the consumer has, and those that are begun or wait, there are enough.
    private readonly ImageBatch[] _batches;
    private readonly DataViewRowId[] _ids;
    private readonly RowKeeper[] _keepers;
    private readonly CarriedColumn[] _carried;
    private readonly int[] _carriedIndexes;
    private readonly bool _ownsImages;

    /// <param name="source">The source.</param>
    /// <param name="inputs">The columns of the source that will be asked for.</param>
    /// <param name="schema">Where the source's images are.</param>
    /// <param name="carried">The columns of the source to carry along.</param>
    /// <param name="model">Whose network will read the images.</param>
    /// <param name="device">Where that network is.</param>
    /// <param name="workers">How many threads read images; those that are read by windows are too large to have another one wait, and are read when they are asked for.</param>
    public RowReadAhead(IDataView source, IEnumerable<DataViewSchema.Column> inputs, ScoringSchema schema, DataViewSchema.Column[] carried, SegmentationModel model, Device device, int workers)
    {
        // An image that is carried along, or a copy of it, is the consumer's, and waits with its row.
        _ownsImages = !carried.Any(column => column.Type is ImageDataViewType);
        (_batchSize, _workers) = model.Description.ScoresResizedImages ? (_ownsImages ? RowsTogether(model.Description, device) : RowsOnCpu, workers) : (1, 0);
        _ahead = _workers == 0 ? 0 : _batchSize + Math.Max(_batchSize, workers);
        _batches = [.. Enumerable.Range(0, 1 + (_ahead + _batchSize - 1) / _batchSize).Select(_ => new ImageBatch(model, _batchSize, device))];
        int places = _batches.Length * _batchSize, threads = Math.Max(1, _workers);
        _rows = new RowSplitter(source, inputs, places, threads);
        _ids = new DataViewRowId[places];
        _carriedIndexes = [.. carried.Select(column => column.Index)];
        _carried = [.. carried.Select(column => CarriedColumn.Create(_rows[0], column, places))];
        _keepers = [.. Enumerable.Range(0, threads).Select(worker =>
            new RowKeeper(_rows[worker], schema.Image, worker == 0 ? _carried : [.. _carried.Select(column => column.From(_rows[worker]))], _ids, _ownsImages))];
    }

    /// <summary>How many images of a model's size go through the network together.</summary>
    public static int RowsTogether(ModelDescription model, Device device) =>
        device.type == DeviceType.CPU ? RowsOnCpu : Math.Clamp(PixelsOnGpu / (model.ImageHeight * model.ImageWidth), RowsOnCpu, MostRows);

    /// <summary>Where a column is among those that are carried along.</summary>
    public int CarriedIndexOf(DataViewSchema.Column column) => Array.IndexOf(_carriedIndexes, column.Index);

    /// <summary>Gives the value of a column that is carried along, of the row at a place.</summary>
    public void GetCarried<TValue>(int column, int place, ref TValue value) => _carried[column].Get(place, ref value);

    /// <summary>The identifier of the row at a place.</summary>
    public DataViewRowId IdOf(int place) => _ids[place];

    /// <summary>Frees the image that was read last, which may be large; only of images that are read by windows.</summary>
    public void ReleaseImage() => _keepers[0].ReleaseImage();

    /// <summary>The batches. Rows before one that cannot be read come out, as a batch that is not full, before its exception.</summary>
    public IEnumerable<RowBatch> Read()
    {
        using IEnumerator<int> read = (_workers > 0 ? OrderedWorkers.Run(Numbers(), _workers, _ahead, Read) : Numbers().Select(number => Read(number, worker: 0))).GetEnumerator();
        ExceptionDispatchInfo? failure = null;
        bool atEnd = false;
        for (int number = 0; !atEnd; number++)
        {
            ImageBatch batch = _batches[number % _batches.Length];
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
            batch.Count = count;
            if (count > 0)
                yield return new RowBatch(batch, number % _batches.Length * _batchSize);
        }
        failure?.Throw();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RowKeeper keeper in _keepers)
            keeper.Dispose();
        _rows.Dispose();
        foreach (ImageBatch batch in _batches)
            batch.Dispose();
    }

    private IEnumerable<int> Numbers()
    {
        for (int number = 0; _rows.MoveNext(number % _ids.Length); number++)
            yield return number;
    }

    private int Read(int number, int worker)
    {
        int place = number % _ids.Length;
        _rows.MoveTo(place, worker);
        _keepers[worker].Read(place, _batches[number / _batchSize % _batches.Length], number % _batchSize);
        if (_ownsImages && _workers > 0)
            _rows.Forget(place);
        return number;
    }
}
