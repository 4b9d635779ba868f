namespace QuickStart;

/// <summary>What it tells: for each pixel, row by row, k + 1 for class k.</summary>
internal sealed class Labels
{
    public byte[] PredictedLabel { get; set; } = [];
}
