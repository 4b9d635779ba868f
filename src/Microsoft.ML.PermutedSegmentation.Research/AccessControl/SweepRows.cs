using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.AccessControl;

/// <summary>Images in batches at a model's size, with their true masks at the same size, read by several threads.</summary>
internal sealed class SweepRows : IDisposable
{
    private readonly int _batchSize, _height, _width;
    private readonly string _labelColumnName;
    private readonly RowSplitter _rows;
    private readonly (ImageColumn.Reader Images, MaskColumn.Reader Masks)[] _readers;
    private readonly Tensor[] _batches;

    /// <param name="model">Whose network will read the images.</param>
    /// <param name="data">Rows with an image and a mask.</param>
    /// <param name="labelColumnName">The column of masks.</param>
    /// <param name="device">Where that network is.</param>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="ahead">How many rows may be begun, or read, that the consumer is not done with.</param>
    /// <param name="workers">How many threads read.</param>
    public SweepRows(SegmentationModel model, IDataView data, string labelColumnName, Device device, int batchSize, int ahead, int workers)
    {
        ImageColumn images = ImageColumn.Find(data.Schema, model.Columns.Image, nameof(data));
        MaskColumn masks = MaskColumn.Find(data.Schema, labelColumnName, nameof(labelColumnName));
        (_batchSize, _height, _width, _labelColumnName) = (batchSize, model.Description.ImageHeight, model.Description.ImageWidth, labelColumnName);
        // The batch that the network reads, and those that are begun.
        _batches = [.. Enumerable.Range(0, 1 + (ahead + batchSize - 1) / batchSize).Select(_ => ImageTensors.CreateBatch(batchSize, _height, _width, device).DetachFromDisposeScope())];
        _rows = new RowSplitter(data, [.. images.Columns, .. masks.Columns], Places, workers);
        _readers = [.. Enumerable.Range(0, workers).Select(worker => (images.CreateReader(_rows[worker]), masks.CreateReader(_rows[worker])))];
    }

    private int Places => _batches.Length * _batchSize;

    /// <summary>The numbers of all rows, each of which is at its place then.</summary>
    public IEnumerable<int> Numbers()
    {
        for (int number = 0; _rows.MoveNext(number % Places); number++)
            yield return number;
    }

    /// <summary>Reads a row: its image goes into a batch, and its mask is resized.</summary>
    public (Tensor Batch, byte[] Truth) Read(int number, int worker)
    {
        int place = number % Places;
        _rows.MoveTo(place, worker);
        (ImageColumn.Reader images, MaskColumn.Reader masks) = _readers[worker];
        MLImage image = images.Read();
        Tensor batch = _batches[place / _batchSize];
        ImageTensors.Write(batch, place % _batchSize, image);
        byte[] truth = new byte[_height * _width];
        ReadOnlySpan<byte> mask = masks.Read();
        MaskShape.Check(masks.Size, (image.Height, image.Width), number, _labelColumnName);
        MaskResizer.Resize(mask, masks.Height, masks.Width, truth, _height, _width);
        images.Release();
        _rows.Forget(place);
        return (batch, truth);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((ImageColumn.Reader images, _) in _readers)
            images.Dispose();
        _rows.Dispose();
        foreach (Tensor batch in _batches)
            batch.Dispose();
    }
}
