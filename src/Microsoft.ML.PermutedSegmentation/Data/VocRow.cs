namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>What a data set has of an image: the columns Name, ImagePath and MaskPath.</summary>
internal sealed class VocRow
{
    public string Name { get; set; } = "";

    public string ImagePath { get; set; } = "";

    public string MaskPath { get; set; } = "";
}
