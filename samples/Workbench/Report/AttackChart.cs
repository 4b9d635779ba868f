using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Report;

/// <summary>A picture of its own: mean IoU of each attack against the number of labelled images, from one number to the next.</summary>
internal static class AttackChart
{
    private const double Width = 720, Height = 400, Left = 56, Right = 470, Top = 24, Bottom = 348;

    // Distinct for readers who do not tell red from green (Okabe and Ito, 2008).
    private static readonly string[] Colors = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#000000"];

    /// <summary>Writes the picture, an SVG file.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="results">What the attacks made of one model.</param>
    public static void Write(string path, IReadOnlyList<AttackResult> results) =>
        File.WriteAllText(path, Draw(results).ToString());

    private static Html Draw(IReadOnlyList<AttackResult> results)
    {
        var trained = results.Where(result => result.LabelledImages > 0).GroupBy(result => result.Method).ToList();
        int[] counts = [.. trained.SelectMany(group => group).Select(result => result.LabelledImages).Distinct().Order()];
        var y = Axis.UpTo(results.Max(result => result.MeanIntersectionOverUnion));
        // A right key, and no attack that needs no labels, depends on the number of images.
        var levels = results.Where(result => result.LabelledImages == 0
            && (result.Method != AttackMethod.PartlyRightKey || result.MisplacedShare == 0))
            // Levels too close to be told apart share a line.
            .GroupBy(result => Math.Round(20 * result.MeanIntersectionOverUnion / y.Maximum))
            .Select(group => (Height: YOf(group.First().MeanIntersectionOverUnion), Names: string.Join(", ", group.Select(result => NameOf(result.Method))))).ToList();
        double XOf(int count) => Left + (Right - Left) * (counts.Length < 2 ? 0.5 : (double)Array.IndexOf(counts, count) / (counts.Length - 1));
        double YOf(double value) => Bottom - value / y.Maximum * (Bottom - Top);

        return Html.Of($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width:0} {Height:0}" role="img" font-family="sans-serif" font-size="13">
            <title>What a stolen model is worth</title>
            <desc>Mean IoU over the attacker's labelled images, one line an attack. The numbers are in the table beside it.</desc>
            <rect width="{Width:0}" height="{Height:0}" fill="#ffffff" />
            {y.Ticks.Select(tick => Html.Of($"""<line x1="{Left:0}" x2="{Right:0}" y1="{YOf(tick):0.#}" y2="{YOf(tick):0.#}" stroke="#dddddd" /><text x="{Left - 6:0}" y="{YOf(tick) + 4:0.#}" text-anchor="end">{tick:G4}</text>"""))}
            {counts.Select(count => Html.Of($"""<text x="{XOf(count):0.#}" y="{Bottom + 18:0}" text-anchor="middle">{count}</text>"""))}
            <text x="{(Left + Right) / 2:0}" y="{Height - 10:0}" text-anchor="middle">labelled images of the attacker</text>
            <text x="8" y="14">mean IoU</text>
            {levels.Select(level => Html.Of($"""<line x1="{Left:0}" x2="{Right:0}" y1="{level.Height:0.#}" y2="{level.Height:0.#}" stroke="#777777" stroke-dasharray="5 4" /><text x="{Right + 8:0}" y="{level.Height + 4:0.#}" fill="#555555">{level.Names}</text>"""))}
            {trained.Select((group, i) => Line(i, NameOf(group.Key), [.. group.OrderBy(result => result.LabelledImages)
                .Select(result => (XOf(result.LabelledImages), YOf(result.MeanIntersectionOverUnion)))]))}
            </svg>

            """);
    }

    private static Html Line(int number, string name, IReadOnlyList<(double X, double Y)> points)
    {
        var color = Colors[number % Colors.Length];
        var legend = Top + 150 + 22 * number;
        return Html.Of($"""
            <polyline fill="none" stroke="{color}" stroke-width="2" points="{string.Join(' ', points.Select(point => $"{point.X:0.#},{point.Y:0.#}"))}" />
            {points.Select(point => Html.Of($"""<circle cx="{point.X:0.#}" cy="{point.Y:0.#}" r="3.5" fill="{color}" />"""))}
            <circle cx="{Right + 20:0}" cy="{legend:0}" r="5" fill="{color}" />
            <text x="{Right + 32:0}" y="{legend + 4:0}">{name}</text>
            """);
    }

    private static string NameOf(AttackMethod method) => method switch
    {
        AttackMethod.NoKey => "no key",
        AttackMethod.PartlyRightKey => "right key",
        AttackMethod.PublicWeights => "public weights matched",
        AttackMethod.ActivationStatistics => "statistics matched",
        AttackMethod.GreedySwaps => "greedy swaps",
        AttackMethod.RelaxedPermutation => "relaxed permutation",
        AttackMethod.FineTuneReaders => "readers trained",
        AttackMethod.StatisticsThenFineTuneReaders => "statistics, then readers",
        AttackMethod.FineTuneAll => "all weights trained",
        AttackMethod.TrainFromScratch => "from nothing",
        _ => method.ToString(),
    };
}
