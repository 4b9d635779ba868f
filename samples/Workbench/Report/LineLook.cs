using OxyPlot;
using OxyPlot.Series;

namespace Workbench.Report;

/// <summary>How one kind of line looks in the charts of the report and in their legends.</summary>
/// <param name="Color">As in <c>#0072b2</c>.</param>
/// <param name="Width">In units of the chart.</param>
/// <param name="Dashes">Lengths of dashes and of the gaps after them; none for a solid line.</param>
internal sealed record LineLook(string Color, double Width, params double[] Dashes)
{
    /// <summary>A line, and a dot on it; points without a finite place are left out.</summary>
    /// <param name="points">From left to right.</param>
    /// <param name="dotAt">The X of the dot; null for none.</param>
    public IEnumerable<LineSeries> Curve(IEnumerable<DataPoint> points, double? dotAt)
    {
        var line = new LineSeries { Color = OxyColor.Parse(Color), StrokeThickness = Width, Dashes = Dashes };
        line.Points.AddRange(points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)));
        // A line of one point could not be seen either.
        var dots = new LineSeries { StrokeThickness = 0, MarkerType = MarkerType.Circle, MarkerFill = OxyColors.White, MarkerStroke = line.Color, MarkerStrokeThickness = Width };
        dots.Points.AddRange(line.Points.Where(point => point.X == dotAt || line.Points.Count == 1));
        return [line, dots];
    }

    /// <summary>An entry of a legend.</summary>
    public Html Legend(string text) => Html.Of($"""
        <li><svg class="swatch" viewBox="0 0 28 10" aria-hidden="true"><line x2="28" y1="5" y2="5" style="stroke: {Color}; stroke-width: {Width:0.##}; stroke-dasharray: {string.Join(' ', Dashes.DefaultIfEmpty())}" /></svg>{text}</li>
        """);
}
