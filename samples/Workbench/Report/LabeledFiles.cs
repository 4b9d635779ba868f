using Microsoft.ML;
using Microsoft.ML.Data;

namespace Workbench.Report;

/// <summary>An image and its mask, as a row with these columns.</summary>
internal sealed class LabeledFiles
{
    public string ImagePath { get; set; } = "";

    public string MaskPath { get; set; } = "";

    /// <summary>Those of the rows of a data set.</summary>
    public static IReadOnlyList<LabeledFiles> Of(IDataView rows) =>
        [.. rows.GetColumn<string>("ImagePath").Zip(rows.GetColumn<string>("MaskPath"), (image, mask) => new LabeledFiles { ImagePath = image, MaskPath = mask })];
}
