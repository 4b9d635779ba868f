using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Report;

/// <summary>Test images and what models make of them, and the colors of the classes.</summary>
internal static class PictureGrid
{
    /// <summary>One image: its pictures side by side.</summary>
    /// <param name="row">The pictures.</param>
    /// <param name="caption">What to say above them.</param>
    public static Html Row(PictureRow row, string caption) => Html.Of($"""
        <figure>
        <figcaption>{caption}</figcaption>
        <div class="{(row.Cells.Count > 3 ? "pictures" : "few pictures")}">
        {row.Cells.Select(cell => Cell(row, cell))}
        </div>
        </figure>
        """);

    /// <summary>Which color is which class.</summary>
    public static Html Legend(IReadOnlyList<string> classNames) => Html.Of($"""
        <ul class="legend" aria-label="Classes">
        {classNames.Index().Append((Index: ClassPalette.VoidClass, Item: "no class")).Select(entry => ClassColor(entry.Index, entry.Item))}
        </ul>
        """);

    private static Html Cell(PictureRow row, PictureCell cell) => Html.Of($"""
        <figure>
        <img src="data:image/png;base64,{Convert.ToBase64String(cell.Png)}" alt="{cell.Title} of {row.ImageName}" />
        <figcaption>{cell.Title}<span class="score">{(cell.MeanIntersectionOverUnion is { } score ? ReportText.Ratio(score) : "")}</span></figcaption>
        </figure>
        """);

    private static Html ClassColor(int index, string name)
    {
        var (red, green, blue) = ClassPalette.Voc[index];
        return Html.Of($"""<li><span class="swatch" style="background: rgb({red}, {green}, {blue})"></span>{name}</li>""");
    }
}
