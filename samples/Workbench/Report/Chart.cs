using System.Text;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Workbench.Report;

/// <summary>What all charts look like, and how they become SVG: the same charts always become the same text.</summary>
internal static class Chart
{
    private static readonly OxyColor Ink = OxyColor.Parse("#4d5562"), Grid = OxyColor.Parse("#dddddd");

    // Distinct for readers who do not tell red from green (Okabe and Ito, 2008).
    private static readonly string[] Colors = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#000000"];

    /// <summary>A chart.</summary>
    /// <param name="x">The axis below.</param>
    /// <param name="y">The axis to the left.</param>
    /// <param name="series">What is in it, from back to front.</param>
    public static PlotModel Plot(Axis x, Axis y, params IEnumerable<Series> series)
    {
        x.Position = AxisPosition.Bottom;
        (x.TicklineColor, x.MajorTickSize, x.MinorTickSize) = (Ink, 4, 0);
        (y.MajorGridlineStyle, y.MajorGridlineColor, y.TickStyle, y.AxisTitleDistance) = (LineStyle.Solid, Grid, TickStyle.None, 8);
        var plot = new PlotModel
        {
            Axes = { x, y },
            DefaultColors = [.. Colors.Select(OxyColor.Parse)],
            DefaultFont = "Helvetica, Arial, sans-serif",
            TextColor = Ink,
            TitleFontSize = 12,
            TitleFontWeight = FontWeights.Normal,
            PlotAreaBorderColor = Ink,
            PlotAreaBorderThickness = new OxyThickness(0, 0, 0, 1),
        };
        foreach (var one in series)
            plot.Series.Add(one);
        return plot;
    }

    /// <summary>An axis from 0.</summary>
    /// <param name="title">What it measures.</param>
    /// <param name="largest">Where it ends.</param>
    /// <param name="leastStep">From tick to tick at least: 1 for counts.</param>
    public static LinearAxis FromZero(string title, double largest, double leastStep = 0) =>
        new() { Title = title, Minimum = 0, Maximum = largest, MinimumMajorStep = leastStep, IntervalLength = 40 };

    /// <summary>The largest of the finite values; 1 instead of nothing at all.</summary>
    public static double Largest(IEnumerable<double> values) => values.Where(double.IsFinite).Append(0).Max() is > 0 and var largest ? largest : 1;

    /// <summary>Draws charts in one row or more.</summary>
    /// <param name="name">What they show.</param>
    /// <param name="description">What there is to see in them, for those who cannot see it.</param>
    /// <param name="size">Of one of them, in units that the page scales.</param>
    /// <param name="rows">The charts, row by row.</param>
    public static Html Draw(string name, string description, OxySize size, params PlotModel[][] rows)
    {
        var (width, height) = (size.Width * rows[0].Length, size.Height * rows.Length);
        using var stream = new MemoryStream();
        using (var canvas = new Canvas(stream, width, height))
        {
            foreach (var (row, plots) in rows.Index())
                foreach (var (column, plot) in plots.Index())
                    Draw(plot, canvas, new OxyRect(column * size.Width, row * size.Height, size.Width, size.Height));
        }
        // Its own start tag has a size in pixels, and no name.
        var svg = Encoding.UTF8.GetString(stream.ToArray()).ReplaceLineEndings("\n");
        var marks = svg[(svg.IndexOf('>', svg.IndexOf("<svg", StringComparison.Ordinal)) + 1)..svg.LastIndexOf("</svg>", StringComparison.Ordinal)];
        return Html.Of($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:0} {height:0}" role="img">
            <title>{name}</title>
            <desc>{description}</desc>
            {Html.Raw(marks.Trim())}
            </svg>
            """);
    }

    private static void Draw(PlotModel plot, Canvas canvas, OxyRect place)
    {
        ((IPlotModel)plot).Update(true);
        ((IPlotModel)plot).Render(canvas, place);
        // OxyPlot would let its stack trace be the picture.
        if (plot.GetLastPlotException() is { } fault)
            throw new InvalidOperationException($"A chart cannot be drawn: {fault.Message}", fault);
    }

    // Nothing is clipped: the paths to clip by have names, and each chart of a page would have the same.
    private sealed class Canvas(Stream stream, double width, double height) : SvgRenderContext(
        stream, width, height, isDocument: false, new PdfRenderContext(width, height, OxyColors.White), OxyColors.White, useVerticalTextAlignmentWorkaround: true)
    {
        // OxyPlot measures in points what it writes in pixels.
        public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight) =>
            base.MeasureText(text, fontFamily, fontSize * 96 / 72, fontWeight);

        // It takes the lower edge of a text for the line on which the letters stand.
        public override void DrawText(
            ScreenPoint p, string text, OxyColor c, string fontFamily, double fontSize, double fontWeight, double rotate,
            HorizontalAlignment halign, VerticalAlignment valign, OxySize? maxSize)
        {
            var (sin, cos) = Math.SinCos(rotate * Math.PI / 180);
            var above = new ScreenVector(sin, -cos) * (0.2 * fontSize);
            base.DrawText(p + above, text, c, fontFamily, fontSize, fontWeight, rotate, halign, valign, maxSize);
        }

        protected override void SetClip(OxyRect clippingRectangle) { }

        protected override void ResetClip() { }
    }
}
