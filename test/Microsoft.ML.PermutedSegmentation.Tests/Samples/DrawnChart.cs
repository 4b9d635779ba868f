using System.Globalization;
using System.Xml.Linq;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A chart of the report as a reader sees it: where its axes say that its lines, dots and bars are.</summary>
internal sealed class DrawnChart
{
    public static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    // As OxyPlot writes them.
    public const string Blue = "rgb(0,114,178)", Orange = "rgb(213,94,0)", Black = "rgb(29,33,41)";
    private const string Bar = "rgb(157,183,211)", Grid = "rgb(221,221,221)";

    private readonly XElement _svg;
    private readonly double _left, _bottom, _perX, _perY;

    public DrawnChart(XElement svg)
    {
        _svg = svg;
        (XTicks, _left, _perX) = Axis("middle", place: 0);
        (YTicks, _, _perY) = Axis("end", place: 1);
        // Labels lie beneath the lines that they name.
        _bottom = svg.Elements(Svg + "polyline").Where(line => Has(line, "stroke", Grid)).SelectMany(Points).Max(point => point[1]);
    }

    public string Name => _svg.Element(Svg + "title")!.Value;

    public double[] XTicks { get; }

    public double[] YTicks { get; }

    public (double X, double Y)[][] Lines(string color) =>
        [.. _svg.Elements(Svg + "polyline").Where(line => Has(line, "stroke", color)).Select(line => Points(line).Select(point => At(point[0], point[1])).ToArray())];

    public (double X, double Y)[] Dots(string color) =>
        [.. _svg.Elements(Svg + "ellipse").Where(dot => Has(dot, "stroke", color)).Select(dot => At(Number(dot, "cx"), Number(dot, "cy")))];

    public (double From, double To, double Count)[] Bars() =>
        [.. _svg.Elements(Svg + "rect").Where(bar => Has(bar, "fill", Bar)).Select(bar =>
        {
            var (x, y) = (Number(bar, "x"), Number(bar, "y"));
            return (At(x, y).X, At(x + Number(bar, "width"), y).X, At(x, y).Y);
        })];

    private (double X, double Y) At(double x, double y) => (Math.Round((x - _left) * _perX, 5), Math.Round((_bottom - y) * _perY, 5));

    // From the labels that are numbers: what they are, where 0 is, and how much a unit of the picture is worth.
    private (double[] Ticks, double Zero, double PerUnit) Axis(string anchor, int place)
    {
        var labels = (from text in _svg.Elements(Svg + "text")
                      where (string?)text.Attribute("text-anchor") == anchor && double.TryParse(text.Value, CultureInfo.InvariantCulture, out _)
                      let at = ((string)text.Attribute("transform")!)["translate(".Length..].TrimEnd(')').Split(',')[place]
                      select (Value: Parse(text.Value), At: Parse(at))).OrderBy(label => label.Value).ToList();
        return ([.. labels.Select(label => label.Value)], labels[0].At, Math.Abs((labels[^1].Value - labels[0].Value) / (labels[^1].At - labels[0].At)));
    }

    private static IEnumerable<double[]> Points(XElement line) =>
        ((string)line.Attribute("points")!).Split(' ').Select(point => point.Split(',').Select(Parse).ToArray());

    private static bool Has(XElement mark, string property, string color) => ((string?)mark.Attribute("style"))?.Contains($"{property}:{color}", StringComparison.Ordinal) == true;

    private static double Number(XElement element, string attribute) => (double)element.Attribute(attribute)!;

    private static double Parse(string number) => double.Parse(number, CultureInfo.InvariantCulture);
}
