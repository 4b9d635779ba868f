using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Reads images and masks of rows on one thread, one row after the other.</summary>
internal sealed class RowReader(RowSplitter rows, int worker, ImageColumn imageColumn, MaskColumn maskColumn) : IDisposable
{
    private readonly ImageColumn.Reader _images = imageColumn.CreateReader(rows[worker]);
    private readonly MaskColumn.Reader _masks = maskColumn.CreateReader(rows[worker]);
    private RowPlace? _read;

    /// <summary>The image and the mask of a row, until it is released.</summary>
    /// <exception cref="InvalidDataException">There is no image, or the mask or what it was before has another size.</exception>
    public LabeledPixels Read(RowPlace place)
    {
        if (_read != place)
        {
            rows.MoveTo(place.Place, worker);
            Read(place.ExpectedSize);
            _read = place;
        }
        return new LabeledPixels(RgbPixels.Of(_images.Current), _masks.Current);
    }

    /// <summary>The same in memory of its own.</summary>
    public LabeledImage Keep(RowPlace place)
    {
        byte[] mask = Read(place).Mask.ToArray();
        (int height, int width) = _masks.Size;
        var kept = new LabeledImage(RgbPixels.From(_images.Current), mask, height, width);
        Release(place);
        return kept;
    }

    /// <summary>Frees the image.</summary>
    public void Release(RowPlace place)
    {
        _read = null;
        _images.Release();
        rows.Forget(place.Place);
    }

    /// <inheritdoc/>
    public void Dispose() => _images.Dispose();

    private void Read((int Height, int Width)? expectedSize)
    {
        MLImage image = _images.Read();
        _masks.Read();
        (int Height, int Width) size = (image.Height, image.Width);
        if (_masks.Size != size)
            throw new InvalidDataException($"{_images.DescribeRow()}: the mask is {_masks.Height}x{_masks.Width} but its image is {image.Height}x{image.Width} (height x width); they must have the same size.{MaskShape.ExplainTurn(_masks.Size, size)}");
        if (expectedSize is { } before && before != size)
            throw new InvalidDataException($"{_images.DescribeRow()}: the image is {image.Height}x{image.Width} (height x width), and was {before.Height}x{before.Width} when it was read first.");
    }
}
