using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.AccessControl;

/// <summary>Images in batches at a model's size, with their true masks at the same size, read by several threads.</summary>
internal sealed class SweepRows : IDisposable
{
    private readonly RowSplitter _rows;
    private readonly Place[] _places;
    private readonly Tensor[] _batches;

    /// <param name="model">Whose network will read the images.</param>
    /// <param name="data">Rows with an image and a mask.</param>
    /// <param name="labelColumnName">The column of masks.</param>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="ahead">How many rows may be read beyond those that the consumer is done with.</param>
    public SweepRows(SegmentationModel model, IDataView data, string labelColumnName, int batchSize, int ahead)
    {
        ImageColumn images = ImageColumn.Find(data.Schema, model.Columns.Image, nameof(data));
        MaskColumn masks = MaskColumn.Find(data.Schema, labelColumnName, nameof(labelColumnName));
        (int height, int width) = (model.Description.ImageHeight, model.Description.ImageWidth);
        // The batch that the network reads, and those that are begun.
        _batches = [.. Enumerable.Range(0, 1 + (ahead + batchSize - 1) / batchSize).Select(_ => ImageTensors.CreateBatch(batchSize, height, width).DetachFromDisposeScope())];
        int count = _batches.Length * batchSize;
        _rows = new RowSplitter(data, [.. images.Columns, .. masks.Columns], count);
        _places = [.. Enumerable.Range(0, count).Select(i => new Place(_rows[i], images, masks, _batches[i / batchSize], i % batchSize))];
    }

    /// <summary>Places with rows, one after the other.</summary>
    public IEnumerable<Place> Places()
    {
        for (int number = 0; _rows.MoveNext(number % _places.Length); number++)
            yield return _places[number % _places.Length];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Place place in _places)
            place.Dispose();
        _rows.Dispose();
        foreach (Tensor batch in _batches)
            batch.Dispose();
    }

    /// <summary>A row that moves on, and its place in a batch.</summary>
    internal sealed class Place(DataViewRow row, ImageColumn imageColumn, MaskColumn maskColumn, Tensor batch, int index) : IDisposable
    {
        private readonly ImageColumn.Reader _images = imageColumn.CreateReader(row);
        private readonly MaskColumn.Reader _masks = maskColumn.CreateReader(row);

        public (Tensor Batch, byte[] Truth) Read()
        {
            MLImage image = _images.Read();
            ImageTensors.Write(batch, index, image);
            (int height, int width) = ((int)batch.shape[2], (int)batch.shape[3]);
            byte[] truth = new byte[height * width];
            ReadOnlySpan<byte> mask = _masks.Read();
            MaskShape.Check(_masks.Size, (image.Height, image.Width), row.Position, maskColumn.Name);
            MaskResizer.Resize(mask, _masks.Height, _masks.Width, truth, height, width);
            _images.Release();
            return (batch, truth);
        }

        public void Dispose() => _images.Dispose();
    }
}
