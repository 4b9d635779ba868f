namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Semantic segmentation with models that need their secret key; reached by <c>mlContext.Segmentation()</c>.</summary>
public sealed class SegmentationCatalog
{
    internal SegmentationCatalog(MLContext environment) => Environment = environment;

    internal MLContext Environment { get; }

    /// <summary>Loading of masks.</summary>
    public SegmentationTransformsCatalog Transforms => new(Environment);
}
