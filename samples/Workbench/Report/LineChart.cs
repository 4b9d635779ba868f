namespace Workbench.Report;

/// <summary>One line of a chart.</summary>
/// <param name="CssClass">How the style sheet knows it.</param>
/// <param name="Points">From left to right.</param>
internal sealed record Line(string CssClass, IReadOnlyList<(double X, double Y)> Points);

/// <summary>A chart of lines.</summary>
internal static class LineChart
{
    /// <summary>Draws the lines.</summary>
    /// <param name="area">Where to draw.</param>
    /// <param name="name">What the chart shows.</param>
    /// <param name="description">What there is to see in it.</param>
    /// <param name="xLabel">What X counts.</param>
    /// <param name="yLabel">What Y counts.</param>
    /// <param name="lines">The lines; points without a finite Y are left out.</param>
    /// <param name="markedX">Where each line gets a dot; null for none.</param>
    public static Html Draw(PlotArea area, string name, string description, string xLabel, string yLabel, IReadOnlyList<Line> lines, double? markedX) =>
        area.Chart(name, description, xLabel, yLabel, lines.SelectMany(line => Draw(area, line, markedX)));

    private static IEnumerable<Html> Draw(PlotArea area, Line line, double? markedX)
    {
        var points = line.Points.Where(point => double.IsFinite(point.Y)).ToList();
        yield return Html.Of($"""<polyline class="{line.CssClass}" points="{string.Join(' ', points.Select(point => $"{area.XOf(point.X):0.##},{area.YOf(point.Y):0.##}"))}" />""");
        // A line of one point could not be seen either.
        foreach (var (x, y) in points.Where(point => point.X == markedX || points.Count == 1))
            yield return Html.Of($"""<circle class="{line.CssClass}" cx="{area.XOf(x):0.##}" cy="{area.YOf(y):0.##}" r="3" />""");
    }
}
