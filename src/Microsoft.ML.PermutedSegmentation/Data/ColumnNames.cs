namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>The default names of columns: as in ML.NET, whose own constants are internal.</summary>
internal static class ColumnNames
{
    public const string Image = "Image";
    public const string Label = "Label";
    public const string PredictedLabel = "PredictedLabel";
    public const string Score = "Score";

    /// <summary>What the name of a column of masks has behind it in the name of the column that tells their sizes.</summary>
    public const string SizeSuffix = "Size";

    /// <summary>The annotation that names the classes of a column of masks.</summary>
    public const string KeyValues = "KeyValues";
}
