using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>An image to be segmented: its pixels whole, or row by row.</summary>
internal sealed class ImagePixels
{
    private readonly Func<byte[]> _all;

    /// <summary>An image of ML.NET, which stays the caller's.</summary>
    public ImagePixels(MLImage image)
    {
        (Height, Width) = (image.Height, image.Width);
        _all = () => RgbPixels.From(image);
        Rows = (y, left, rgb) => RgbPixels.Copy(image, y * image.Width + left, rgb);
    }

    /// <summary>Red, green and blue of each pixel, row by row.</summary>
    public ImagePixels(byte[] rgb, int height, int width)
    {
        (Height, Width) = (height, width);
        _all = () => rgb;
        Rows = (y, left, row) => rgb.AsSpan((y * width + left) * 3, row.Length).CopyTo(row);
    }

    public int Height { get; }

    public int Width { get; }

    public PixelRowReader Rows { get; }

    /// <summary>The image at another size: [height, width, 3], from 0 to 255.</summary>
    public void Resize(Span<float> result, int height, int width) => AntialiasedResizer.Resize(_all(), Height, Width, result, height, width);
}
