using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Checks that the true mask of a row has the shape of the row's image. A model resizes images of any shape to its own, so that
/// the prediction does not tell. Predictions of this library's models bring the image's size along; for others the image is
/// looked at where the mask and the prediction differ in shape.
/// </summary>
internal sealed class TruthShape(DataViewSchema schema, MaskColumn label, MaskColumn predicted)
{
    private readonly DataViewSchema.Column? _size = ImageSizeColumn.Find(schema, predicted.Name);

    /// <summary>The columns a cursor needs.</summary>
    public IEnumerable<DataViewSchema.Column> Columns => _size is { } size ? [size] : Images.SelectMany(images => images.Columns);

    private IEnumerable<ImageColumn> Images =>
        schema.Where(column => column.Type is ImageDataViewType && !column.IsHidden).Select(column => ImageColumn.Find(schema, column.Name));

    /// <summary>A check of the cursor's current row, after both masks were read. It throws an <see cref="InvalidDataException"/>.</summary>
    public Action CreateCheck(DataViewRow row, MaskColumn.Reader truth, MaskColumn.Reader prediction) =>
        _size is { } size ? CheckOfSize(row, size, truth) : CheckOfImages(row, truth, prediction);

    private Action CheckOfSize(DataViewRow row, DataViewSchema.Column column, MaskColumn.Reader truth)
    {
        var getSize = row.GetGetter<VBuffer<int>>(column);
        VBuffer<int> size = default;
        return () =>
        {
            getSize(ref size);
            MaskShape.Check(truth.Size, (size.GetItemOrDefault(0), size.GetItemOrDefault(1)), row.Position, label.Name);
        };
    }

    private Action CheckOfImages(DataViewRow row, MaskColumn.Reader truth, MaskColumn.Reader prediction)
    {
        ImageColumn.Reader[] images = [.. Images.Select(column => column.CreateReader(row))];
        return () =>
        {
            if (MaskShape.Fits(truth.Size, prediction.Size))
                return;
            string what = "its prediction";
            var expected = prediction.Size;
            foreach (ImageColumn.Reader reader in images)
            {
                MLImage image = reader.Read();
                (what, expected) = ("its image", (image.Height, image.Width));
                if (MaskShape.Fits(truth.Size, expected))
                    return;
            }
            throw MaskShape.Differs(truth.Size, what, expected, row.Position, label.Name);
        };
    }
}
