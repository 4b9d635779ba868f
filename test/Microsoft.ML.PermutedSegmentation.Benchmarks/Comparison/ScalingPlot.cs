using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;
using Workbench.Report;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>A picture (SVG): time above, memory below, a column for each thing that grows; both axes logarithmic.</summary>
internal static class ScalingPlot
{
    public static string Draw(IReadOnlyList<ScalingSeries> series) => $"{Chart.Draw(
        "How time and memory grow",
        "Seconds and peak megabytes against image size, batch, classes, images and wrong keys. The numbers are in the table beside it.",
        new OxySize(270, 240),
        [.. series.Select(one => Panel(one, $"s, {one.Time}", point => point.Seconds))],
        [.. series.Select(one => Panel(one, "MB, peak", point => point.Megabytes))])}\n";

    private static PlotModel Panel(ScalingSeries series, string unit, Func<ScalingPoint, double> value)
    {
        PlotModel plot = Chart.Plot(
            // A logarithmic axis of OxyPlot may have ticks at other numbers than powers of two.
            new LinearAxis { Title = series.Grows, MajorStep = 1, LabelFormatter = power => $"{Math.Pow(2, power)}" },
            new LogarithmicAxis { PowerPadding = false, MinimumPadding = 0.1, MaximumPadding = 0.1, IntervalLength = 30 },
            series.Lines.Select(line => new LineSeries
            {
                Title = line.Name,
                ItemsSource = line.Points.Select(point => new DataPoint(Math.Log2(point.Amount), value(point))).ToList(),
                MarkerType = MarkerType.Circle,
            }));
        plot.Title = unit;
        plot.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.TopLeft, LegendMargin = 0 });
        return plot;
    }
}
