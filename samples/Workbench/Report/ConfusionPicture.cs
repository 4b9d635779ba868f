using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Report;

/// <summary>A confusion matrix as a picture: the darker a field, the larger the share of its row.</summary>
internal static class ConfusionPicture
{
    private const int Cell = 34, Margin = 120;

    // More digits than fit would be read by nobody.
    private const int MostWithNumbers = 30;

    public static Html Draw(SegmentationMetrics metrics)
    {
        var names = metrics.ClassNames;
        var side = Margin + Cell * names.Count;
        return Html.Of($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="11" style="max-width: {side}px">
            <title>Confusion matrix</title>
            <desc>One row for each true class, one column for each predicted one; percent of the true pixels.</desc>
            {names.Select((name, k) => Label(name, k))}
            {names.SelectMany((_, truth) => names.Select((_, predicted) => Field(metrics, truth, predicted)))}
            </svg>
            """);
    }

    private static Html Label(string name, int k)
    {
        var (middle, text) = (Margin + Cell * k + Cell / 2, name.Length > 18 ? name[..17] + "…" : name);
        return Html.Of($"""
            <text x="{Margin - 6}" y="{middle + 4}" text-anchor="end">{text}</text>
            <text x="{middle + 4}" y="{Margin - 6}" transform="rotate(-90 {middle + 4} {Margin - 6})">{text}</text>
            """);
    }

    private static Html Field(SegmentationMetrics metrics, int truth, int predicted)
    {
        var all = metrics.ConfusionMatrix.GetTruthCount(truth);
        var share = all == 0 ? 0 : (double)metrics.ConfusionMatrix[truth, predicted] / all;
        var (x, y) = (Margin + Cell * predicted, Margin + Cell * truth);
        return Html.Of($"""
            <rect x="{x}" y="{y}" width="{Cell}" height="{Cell}" fill="#0072b2" fill-opacity="{share:0.###}" stroke="#dddddd"><title>{metrics.ClassNames[truth]} taken for {metrics.ClassNames[predicted]}: {100 * share:0.0} %</title></rect>
            {(share < 0.005 || metrics.ClassNames.Count > MostWithNumbers ? null : Html.Of($"""<text x="{x + Cell / 2}" y="{y + Cell / 2 + 4}" text-anchor="middle" fill="{(share > 0.5 ? "#ffffff" : "#1d2129")}">{100 * share:0}</text>"""))}
            """);
    }
}
