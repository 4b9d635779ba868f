using System.Globalization;
using System.Net;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>A picture (SVG): time above, memory below, a column for each thing that grows; both axes logarithmic.</summary>
internal static class ScalingPlot
{
    private const double PanelWidth = 270, PanelHeight = 220, Left = 46, Right = 250, Top = 34, Bottom = 172;

    // Distinct for readers who do not tell red from green (Okabe and Ito, 2008).
    private static readonly string[] Colors = ["#0072b2", "#e69f00"];

    public static string Draw(IReadOnlyList<ScalingSeries> series)
    {
        var svg = new StringBuilder();
        double width = PanelWidth * series.Count, height = 2 * PanelHeight + 10;
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:0} {height:0}\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<title>How time and memory grow</title>\n<desc>Seconds and peak megabytes against image size, batch, classes, images and wrong keys. The numbers are in the table beside it.</desc>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{width:0}\" height=\"{height:0}\" fill=\"#ffffff\" />\n");
        for (int i = 0; i < series.Count; i++)
        {
            DrawPanel(svg, i * PanelWidth, 0, series[i], $"s, {series[i].Time}", point => point.Seconds);
            DrawPanel(svg, i * PanelWidth, PanelHeight, series[i], "MB, peak", point => point.Megabytes);
        }
        return svg.Append("</svg>\n").ToString();
    }

    private static void DrawPanel(StringBuilder svg, double x, double y, ScalingSeries series, string unit, Func<ScalingPoint, double> value)
    {
        ScalingPoint[] points = [.. series.Lines.SelectMany(line => line.Points)];
        (double leastX, double mostX) = (points.Min(point => point.Amount), points.Max(point => point.Amount));
        double[] ticks = Ticks(points.Min(value), points.Max(value));
        double XOf(double amount) => Left + Math.Log(amount / leastX) / Math.Log(mostX / leastX) * (Right - Left);
        double YOf(double number) => Bottom - Math.Log(number / ticks[0]) / Math.Log(ticks[^1] / ticks[0]) * (Bottom - Top);

        svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({x:0} {y:0})\">\n");
        Text(svg, 6, 16, "start", unit);
        foreach (double tick in ticks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left:0}\" x2=\"{Right:0}\" y1=\"{YOf(tick):0.#}\" y2=\"{YOf(tick):0.#}\" stroke=\"#dddddd\" />\n");
            Text(svg, Left - 6, YOf(tick) + 4, "end", tick.ToString("G4", CultureInfo.InvariantCulture));
        }
        foreach (int amount in points.Select(point => point.Amount).Distinct())
            Text(svg, XOf(amount), Bottom + 16, "middle", amount.ToString(CultureInfo.InvariantCulture));
        Text(svg, (Left + Right) / 2, Bottom + 34, "middle", series.Grows);
        for (int i = 0; i < series.Lines.Count; i++)
        {
            ScalingLine line = series.Lines[i];
            IEnumerable<string> places = line.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{XOf(point.Amount):0.#},{YOf(value(point)):0.#}"));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{Colors[i]}\" stroke-width=\"2\" points=\"{string.Join(' ', places)}\" />\n");
            foreach (ScalingPoint point in line.Points)
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{XOf(point.Amount):0.#}\" cy=\"{YOf(value(point)):0.#}\" r=\"3\" fill=\"{Colors[i]}\" />\n");
            Text(svg, Left + 6, Top + 4 + 15 * i, "start", line.Name, Colors[i]);
        }
        svg.Append("</g>\n");
    }

    private static void Text(StringBuilder svg, double x, double y, string anchor, string text, string color = "#222222")
        => svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" fill=\"{color}\">{WebUtility.HtmlEncode(text)}</text>\n");

    // 1, 2 and 5 times powers of ten around the values, with room above for the names of the lines.
    private static double[] Ticks(double least, double most)
    {
        double[] all = [.. Enumerable.Range(-4, 12).SelectMany(power => new[] { 1, 2, 5 }.Select(digit => digit * Math.Pow(10, power)))];
        int first = Array.FindLastIndex(all, tick => tick <= least), last = Array.FindIndex(all, tick => tick >= most);
        return all[first..Math.Min(all.Length, last + 2)];
    }
}
