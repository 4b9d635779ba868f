namespace Workbench.Report;

/// <summary>A chart that counts values by their size.</summary>
internal static class Histogram
{
    private const int BinsPerStep = 10;

    /// <summary>How many values fall into each of the bins that an axis from 0 is cut into, ten from tick to tick.</summary>
    public static int[] Count(IEnumerable<double> values, Axis axis)
    {
        var counts = new int[(int)Math.Round(axis.Maximum / axis.Step * BinsPerStep)];
        // A value at the very end belongs to the last bin; a bin's own lower edge must not fall below it by rounding.
        foreach (var value in values)
            counts[Math.Clamp((int)(value / axis.Step * BinsPerStep + 1e-9), 0, counts.Length - 1)]++;
        return counts;
    }

    /// <summary>Draws the counts, with lines at values to compare with.</summary>
    /// <param name="area">Where to draw.</param>
    /// <param name="name">What the chart shows.</param>
    /// <param name="description">What there is to see in it.</param>
    /// <param name="xLabel">What is counted by its size.</param>
    /// <param name="yLabel">What is counted.</param>
    /// <param name="values">The values, from 0 to the end of the axis.</param>
    /// <param name="lines">Values to compare with.</param>
    public static Html Draw(PlotArea area, string name, string description, string xLabel, string yLabel,
        IReadOnlyList<double> values, IReadOnlyList<(string CssClass, double Value)> lines) =>
        area.Chart(name, description, xLabel, yLabel, [
            .. Count(values, area.X).Index().Where(bin => bin.Item > 0).Select(bin => Bar(area, bin.Index, bin.Item)),
            .. lines.Select(line => area.VerticalLine(line.CssClass, line.Value)),
        ]);

    private static Html Bar(PlotArea area, int bin, int count)
    {
        var (from, to) = (bin * area.X.Step / BinsPerStep, (bin + 1) * area.X.Step / BinsPerStep);
        return Html.Of($"""
            <rect class="bar" x="{area.XOf(from):0.##}" y="{area.YOf(count):0.##}" width="{area.XOf(to) - area.XOf(from):0.##}" height="{area.YOf(0) - area.YOf(count):0.##}"><title>{count} from {from:0.####} to {to:0.####}</title></rect>
            """);
    }
}
