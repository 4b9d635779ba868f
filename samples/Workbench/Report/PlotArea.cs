namespace Workbench.Report;

/// <summary>The frame of a small chart as SVG: where values lie in it, its axes, its name for those who cannot see it.</summary>
internal sealed record PlotArea(Axis X, Axis Y)
{
    // In units of the view box; the page scales them.
    private const double Width = 230, Height = 150, Left = 36, Right = 216, Top = 26, Bottom = 116;

    public double XOf(double value) => Left + value / X.Maximum * (Right - Left);

    public double YOf(double value) => Bottom - value / Y.Maximum * (Bottom - Top);

    /// <summary>The whole chart.</summary>
    /// <param name="name">What it shows.</param>
    /// <param name="description">What there is to see in it.</param>
    /// <param name="xLabel">What X counts.</param>
    /// <param name="yLabel">What Y counts.</param>
    /// <param name="marks">Lines, bars and so on.</param>
    public Html Chart(string name, string description, string xLabel, string yLabel, IEnumerable<Html> marks) => Html.Of($"""
        <svg viewBox="0 0 {Width:0} {Height:0}" role="img">
        <title>{name}</title>
        <desc>{description}</desc>
        <text class="label" x="4" y="12">{yLabel}</text>
        {Y.Ticks.Select(YTick)}
        {X.Ticks.Select(XTick)}
        <line class="axis" x1="{Left:0}" x2="{Right:0}" y1="{Bottom:0}" y2="{Bottom:0}" />
        {marks}
        <text class="label middle" x="{(Left + Right) / 2:0}" y="{Height - 4:0}">{xLabel}</text>
        </svg>
        """);

    /// <summary>A line from top to bottom.</summary>
    public Html VerticalLine(string cssClass, double x) =>
        Html.Of($"""<line class="{cssClass}" x1="{XOf(x):0.##}" x2="{XOf(x):0.##}" y1="{Top - 4:0}" y2="{Bottom:0}" />""");

    private Html YTick(double value) => Html.Of($"""
        <line class="grid" x1="{Left:0}" x2="{Right:0}" y1="{YOf(value):0.##}" y2="{YOf(value):0.##}" />
        <text class="end" x="{Left - 4:0}" y="{YOf(value) + 4:0.##}">{value:G4}</text>
        """);

    private Html XTick(double value) => Html.Of($"""
        <line class="axis" x1="{XOf(value):0.##}" x2="{XOf(value):0.##}" y1="{Bottom:0}" y2="{Bottom + 3:0}" />
        <text class="middle" x="{XOf(value):0.##}" y="{Bottom + 15:0}">{value:G4}</text>
        """);
}
