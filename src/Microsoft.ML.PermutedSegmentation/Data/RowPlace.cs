using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>Reads the image and the mask of a row that moves on.</summary>
internal sealed class RowPlace(DataViewRow row, ImageColumn imageColumn, MaskColumn maskColumn) : ILabeledImage, IDisposable
{
    private readonly ImageColumn.Reader _images = imageColumn.CreateReader(row);
    private readonly MaskColumn.Reader _masks = maskColumn.CreateReader(row);
    private bool _isRead;

    /// <summary>Which row it is, counted from 0.</summary>
    public long Row => row.Position;

    /// <summary>The size that the image had before; another one is refused. Null: it has not been read before.</summary>
    public (int Height, int Width)? ExpectedSize { get; set; }

    /// <summary>Reads them.</summary>
    /// <exception cref="InvalidDataException">There is no image, or the mask has another size.</exception>
    public LabeledPixels Read()
    {
        if (!_isRead)
            ReadAnew();
        _isRead = true;
        return new LabeledPixels(RgbPixels.Of(_images.Current), _masks.Current);
    }

    /// <summary>Reads them into memory of their own.</summary>
    public LabeledImage Keep()
    {
        byte[] mask = Read().Mask.ToArray();
        (int height, int width) = _masks.Size;
        var kept = new LabeledImage(RgbPixels.From(_images.Current), mask, height, width);
        Release();
        return kept;
    }

    /// <inheritdoc/>
    public void Release()
    {
        _isRead = false;
        _images.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _images.Dispose();

    private void ReadAnew()
    {
        MLImage image = _images.Read();
        _masks.Read();
        (int Height, int Width) size = (image.Height, image.Width);
        if (_masks.Size != size)
            throw new InvalidDataException($"{_images.DescribeRow()}: the mask is {_masks.Height}x{_masks.Width} but its image is {image.Height}x{image.Width} (height x width); they must have the same size.{MaskShape.ExplainTurn(_masks.Size, size)}");
        if (ExpectedSize is { } before && before != size)
            throw new InvalidDataException($"{_images.DescribeRow()}: the image is {image.Height}x{image.Width} (height x width), and was {before.Height}x{before.Width} when it was read first.");
    }
}
