namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>The pixels of an image and of its mask, wherever they lie.</summary>
internal readonly ref struct LabeledPixels(PixelSpan image, ReadOnlySpan<byte> mask)
{
    /// <summary>The image.</summary>
    public PixelSpan Image { get; } = image;

    /// <summary>Key values, height x width: 0 is void, class k is k + 1.</summary>
    public ReadOnlySpan<byte> Mask { get; } = mask;

    /// <summary>Height of both, in pixels.</summary>
    public int Height => Image.Height;

    /// <summary>Width of both, in pixels.</summary>
    public int Width => Image.Width;
}
