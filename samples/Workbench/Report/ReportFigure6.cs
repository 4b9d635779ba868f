namespace Workbench.Report;

/// <summary>The paper's Fig. 6 as a grid, with a legend of the classes.</summary>
internal static class ReportFigure6
{
    public static Html? Section(IReadOnlyList<PictureRow> rows, IReadOnlyList<string> classNames) => rows.Count == 0 ? null : Html.Of($"""
        <section id="figure-6">
        <h2>Figure 6</h2>
        <p>Test images, their true masks and what the models make of them; the image’s mean IoU is given under each prediction.</p>
        {rows.Select(row => PictureGrid.Row(row, row.ImageName))}
        {PictureGrid.Legend(classNames)}
        </section>
        """);
}
