using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation.Evaluation;

/// <summary>
/// Checks that the true mask of a row has the shape of the row's image. A model resizes images of any shape to its own, so that
/// the prediction does not tell. Predictions of this library's models bring the image's size along; for others the images of the
/// row are looked at where its mask and its prediction differ in shape.
/// </summary>
internal sealed class TruthShape
{
    private readonly MaskColumn _label;
    private readonly DataViewSchema.Column? _size;
    private readonly ImageColumn[] _images;

    public TruthShape(DataViewSchema schema, MaskColumn label, MaskColumn predicted)
    {
        _label = label;
        _size = ImageSizeColumn.Find(schema, predicted.Name);
        _images = _size is not null ? [] : [.. schema.Where(column => column.Type is ImageDataViewType && !column.IsHidden).Select(column => ImageColumn.Find(schema, column.Name))];
    }

    /// <summary>The columns a cursor needs.</summary>
    public IEnumerable<DataViewSchema.Column> Columns => _size is { } size ? [size] : _images.SelectMany(image => image.Columns);

    public Reader CreateReader(DataViewRow row) => new(this, row);

    /// <summary>Checks the mask of a cursor's current row.</summary>
    internal sealed class Reader(TruthShape shape, DataViewRow row) : IDisposable
    {
        private readonly ValueGetter<VBuffer<int>>? _getSize = shape._size is { } size ? row.GetGetter<VBuffer<int>>(size) : null;
        private readonly ImageColumn.Reader[] _images = [.. shape._images.Select(image => image.CreateReader(row))];
        private VBuffer<int> _size;

        /// <exception cref="InvalidDataException">The mask has another shape than the image.</exception>
        public void Check((int Height, int Width) truth, (int Height, int Width) prediction)
        {
            if (_getSize is not null)
            {
                _getSize(ref _size);
                MaskShape.Check(truth, (_size.GetItemOrDefault(0), _size.GetItemOrDefault(1)), row.Position, shape._label.Name);
            }
            else if (!MaskShape.Fits(truth, prediction) && !HasImageOf(truth))
            {
                throw MaskShape.Differs(truth, "its prediction", prediction, row.Position, shape._label.Name);
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            foreach (ImageColumn.Reader reader in _images)
                reader.Dispose();
        }

        private bool HasImageOf((int Height, int Width) size) =>
            Array.Exists(_images, reader => reader.Read() is var image && MaskShape.Fits(size, (image.Height, image.Width)));
    }
}
