using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Running;

/// <summary>An image to be segmented.</summary>
internal sealed class ImagePixels
{
    /// <summary>An image of ML.NET, which stays the caller's.</summary>
    public ImagePixels(MLImage image) => (Height, Width, Source) = (image.Height, image.Width, () => RgbPixels.Of(image));

    /// <summary>Red, green and blue of each pixel, row by row.</summary>
    public ImagePixels(byte[] rgb, int height, int width) => (Height, Width, Source) = (height, width, () => new PixelSpan(rgb, height, width));

    public int Height { get; }

    public int Width { get; }

    public PixelSource Source { get; }

    /// <summary>The image at another size: [height, width, 3], from 0 to 255.</summary>
    public void Resize(Span<float> result, int height, int width) => AntialiasedResizer.Resize(Source(), result, height, width);
}
