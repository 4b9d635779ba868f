using Microsoft.ML.PermutedSegmentation;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Workbench.Report;

/// <summary>A picture of its own: mean IoU of each attack against the number of labelled images, from one number to the next.</summary>
internal static class AttackChart
{
    /// <summary>Writes the picture, an SVG file.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="results">What the attacks made of one model.</param>
    public static void Write(string path, IReadOnlyList<AttackResult> results) => File.WriteAllText(path, $"{Chart.Draw(
        "What a stolen model is worth",
        "Mean IoU over the attacker's labelled images, one line an attack. The numbers are in the table beside it.",
        new OxySize(720, 400), [Plot(results)])}\n");

    private static PlotModel Plot(IReadOnlyList<AttackResult> results)
    {
        AttackResult[] trained = [.. results.Where(result => result.LabelledImages > 0 && result.Method != AttackMethod.OracleDistillation)];
        int[] counts = [.. trained.Select(result => result.LabelledImages).Distinct().Order()];
        var x = new CategoryAxis { Title = "labelled images of the attacker", IsTickCentered = true };
        x.Labels.AddRange(counts.Select(count => $"{count}").DefaultIfEmpty(""));
        var y = Chart.FromZero("mean IoU", Chart.Largest(results.Select(result => result.MeanIntersectionOverUnion)));
        // A right key, and no attack that needs no labels, depends on the number of images.
        var levels = results.Except(trained).Where(result => result.Method != AttackMethod.PartlyRightKey || result.MisplacedShare == 0)
            // Levels too close to be told apart share a line.
            .GroupBy(result => Math.Round(20 * result.MeanIntersectionOverUnion / y.Maximum));
        var plot = Chart.Plot(x, y, [.. levels.Select(level => Level([.. level], x.Labels.Count - 0.5)), .. trained.GroupBy(result => result.Method).Select(attack => Line(attack, counts))]);
        // Room for the names of levels, which are at their right ends.
        plot.PlotMargins = new OxyThickness(double.NaN, double.NaN, right: 190, double.NaN);
        plot.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.BottomCenter, LegendOrientation = LegendOrientation.Horizontal });
        return plot;
    }

    private static LineSeries Line(IGrouping<AttackMethod, AttackResult> attack, int[] counts) => new()
    {
        Title = NameOf(attack.Key),
        ItemsSource = attack.OrderBy(result => result.LabelledImages)
            .Select(result => new DataPoint(Array.IndexOf(counts, result.LabelledImages), result.MeanIntersectionOverUnion)).ToList(),
        MarkerType = MarkerType.Circle,
    };

    private static LineSeries Level(AttackResult[] results, double end) => new()
    {
        Title = string.Join(", ", results.Select(result => result.LabelledImages > 0 ? $"{result.LabelledImages} answers" : NameOf(result.Method))),
        Points = { new(-0.5, results[0].MeanIntersectionOverUnion), new(end, results[0].MeanIntersectionOverUnion) },
        Color = OxyColors.Gray,
        StrokeThickness = 1,
        Dashes = [5, 4],
        LineLegendPosition = LineLegendPosition.End,
        RenderInLegend = false,
    };

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
        AttackMethod.PublicWeightsThenFineTuneReaders => "public weights, then readers",
        AttackMethod.FineTunePublicWeights => "from public weights",
        AttackMethod.FineTuneAll => "all weights trained",
        AttackMethod.TrainFromScratch => "from nothing",
        _ => method.ToString(),
    };
}
