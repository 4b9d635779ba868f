namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>The part of an image to be resized to the model's size, mirrored left to right or not. Where it reaches beyond the image, there is void.</summary>
internal readonly record struct CropBox(int Top, int Left, int Height, int Width, bool Mirrored)
{
    /// <summary>The whole of an image of the given size.</summary>
    public static CropBox Whole(int height, int width) => new(0, 0, height, width, Mirrored: false);
}
