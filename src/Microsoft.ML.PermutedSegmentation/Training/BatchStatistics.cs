namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>Batch norm makes no number of a single value per channel.</summary>
internal static class BatchStatistics
{
    /// <summary>Says what is wrong with training on so few images together, or null when nothing is.</summary>
    /// <param name="layout">The network.</param>
    /// <param name="imageHeight">Height of the images.</param>
    /// <param name="imageWidth">Width of the images.</param>
    /// <param name="imagesTogether">How many images go through the network at once.</param>
    public static string? FindProblem(NetworkLayout layout, int imageHeight, int imageWidth, int imagesTogether)
    {
        if (imagesTogether > 1 || layout.Convolutions.FirstOrDefault(layer => layer.Norm is not null && HasOnePixel(layer)) is not { } layer)
            return null;
        string where = layer.Stride == 0 ? "the mean over all its pixels" : $"with output stride {layer.Stride} its last feature map";
        return $"one image of {imageHeight}x{imageWidth} pixels goes through the network alone, and {where} has one value per channel, which batch normalisation cannot normalise; at least two images together{(layer.Stride == 0 ? "" : ", larger images or a smaller output stride")} are needed.";

        bool HasOnePixel(Convolution layer) => layer.Stride == 0 || (imageHeight <= layer.Stride && imageWidth <= layer.Stride);
    }
}
