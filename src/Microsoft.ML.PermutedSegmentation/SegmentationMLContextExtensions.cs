using Microsoft.ML.PermutedSegmentation;

namespace Microsoft.ML;

/// <summary>The entry point to semantic segmentation on an <see cref="MLContext"/>.</summary>
public static class SegmentationMLContextExtensions
{
    /// <summary>Trainers, transforms and evaluation for semantic segmentation.</summary>
    /// <param name="mlContext">The context whose seed, log and options are used.</param>
    /// <exception cref="ArgumentNullException"><paramref name="mlContext"/> is null.</exception>
    public static SegmentationCatalog Segmentation(this MLContext mlContext)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        return new SegmentationCatalog(mlContext);
    }
}
