namespace QuickStart;

/// <summary>What the saved pipeline reads. It was trained with masks, so it has a column for them, which is not read here.</summary>
internal sealed class Photo
{
    public string ImagePath { get; set; } = "";

    public string MaskPath { get; set; } = "";
}
