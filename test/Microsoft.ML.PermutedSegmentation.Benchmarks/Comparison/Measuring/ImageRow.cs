using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>A row of files.</summary>
internal sealed class ImageRow
{
    public string ImagePath { get; set; } = "";

    public string MaskPath { get; set; } = "";
}

/// <summary>What a model makes of an image: class k is k + 1.</summary>
internal sealed class LabelRow
{
    public VBuffer<byte> PredictedLabel { get; set; }
}
