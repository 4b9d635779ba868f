namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>The part of an image to be resized to the model's size, mirrored left to right or not. Where it reaches beyond the image, there is void.</summary>
internal readonly record struct CropBox(int Top, int Left, int Height, int Width, bool Mirrored)
{
    /// <summary>The whole of an image of the given size.</summary>
    public static CropBox Whole(int height, int width) => new(0, 0, height, width, Mirrored: false);

    /// <summary>The windows of a given size that cover an image, much as scoring lays them; they reach beyond a smaller image to the right and below.</summary>
    public static IEnumerable<CropBox> Windows(int height, int width, (int Height, int Width) window)
    {
        WindowPositions rows = new(Math.Max(height, window.Height), window.Height), columns = new(Math.Max(width, window.Width), window.Width);
        for (int row = 0; row < rows.Count; row++)
        {
            for (int column = 0; column < columns.Count; column++)
                yield return new CropBox(rows.StartOf(row), columns.StartOf(column), window.Height, window.Width, Mirrored: false);
        }
    }
}
