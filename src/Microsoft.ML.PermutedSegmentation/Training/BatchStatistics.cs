namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What batch normalisation needs: it divides by the deviation of a channel's values, and one value has none.</summary>
internal static class BatchStatistics
{
    /// <summary>Says what is wrong with training on so many images at a time, and what helps; null when nothing is.</summary>
    /// <param name="imageHeight">Height of the images that the network reads.</param>
    /// <param name="imageWidth">Width of these images.</param>
    /// <param name="outputStride">How many times smaller the last feature map is.</param>
    /// <param name="imagesTogether">The least number of images that go through the network together.</param>
    public static string? FindProblem(int imageHeight, int imageWidth, int outputStride, int imagesTogether)
        => imagesTogether > 1 || imageHeight > outputStride || imageWidth > outputStride
            ? null
            : $"one image of {imageHeight}x{imageWidth} pixels goes through the network alone, and with output stride {outputStride} its last feature map has one value per channel, of which batch normalisation makes no number; at least two images together, larger images or a smaller output stride are needed.";
}
