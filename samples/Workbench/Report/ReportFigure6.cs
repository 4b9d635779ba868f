using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Report;

/// <summary>The paper's Fig. 6 as a grid, with a legend of the classes.</summary>
internal static class ReportFigure6
{
    public static Html? Section(IReadOnlyList<Figure6Row> rows, IReadOnlyList<string> classNames) => rows.Count == 0 ? null : Html.Of($"""
        <section id="figure-6">
        <h2>Figure 6</h2>
        <p>Test images, their true masks and what the models make of them; the image’s mean IoU is given under each prediction.</p>
        {rows.Select(Row)}
        <ul class="legend" aria-label="Classes">
        {classNames.Index().Append((Index: ClassPalette.VoidClass, Item: "no class")).Select(entry => ClassColor(entry.Index, entry.Item))}
        </ul>
        </section>
        """);

    private static Html Row(Figure6Row row) => Html.Of($"""
        <figure>
        <figcaption>{row.ImageName}</figcaption>
        <div class="pictures">
        {row.Cells.Select(cell => Cell(row, cell))}
        </div>
        </figure>
        """);

    private static Html Cell(Figure6Row row, Figure6Cell cell) => Html.Of($"""
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
