using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Reads the image and the mask of a row that moves on.</summary>
internal sealed class RowPlace(DataViewRow row, ImageColumn imageColumn, MaskColumn maskColumn) : IDisposable
{
    private readonly ImageColumn.Reader _images = imageColumn.CreateReader(row);
    private readonly MaskColumn.Reader _masks = maskColumn.CreateReader(row);

    /// <summary>Which row it is, counted from 0.</summary>
    public long Row => row.Position;

    /// <summary>Reads them.</summary>
    /// <exception cref="InvalidDataException">There is no image, or the mask has another size.</exception>
    public LabeledImage Read()
    {
        MLImage image = _images.Read();
        byte[] mask = _masks.Read().ToArray();
        if (_masks.Size != (image.Height, image.Width))
            throw new InvalidDataException($"{_images.DescribeRow()}: the mask is {_masks.Height}x{_masks.Width} but its image is {image.Height}x{image.Width} (height x width); they must have the same size.{MaskShape.ExplainTurn(_masks.Size, (image.Height, image.Width))}");
        var result = new LabeledImage(RgbPixels.From(image), mask, image.Height, image.Width);
        _images.Release();
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _images.Dispose();
}
