using System.Globalization;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Tables;

/// <summary>Tables as Markdown that can be read as text, too.</summary>
internal static class MarkdownTables
{
    private const string Missing = "-";

    public static string Format(PaperTable table, TablesResult result) => string.Join('\n',
    [
        $"# {table.Title}",
        "",
        "These models are for measuring and protect nothing: their key follows from the seed.",
        "",
        .. Facts(result).Select(fact => $"* {fact}"),
        "",
        "## Mean IoU per image, as the paper counts",
        "",
        .. MarkdownTable.Lines(
            ["Model", "Correct", table.NoKey, "Incorrect", "Paper: Correct", $"Paper: {table.NoKey}", "Paper: Incorrect"],
            table.Rows.Select(row => (string[])[row.Label, .. Conditions(row.Model, PerImage), Ratio(row.Paper?.Correct), Ratio(row.Paper?.NoKey), Ratio(row.Paper?.Incorrect)])),
        "",
        Floors(result, PerImage),
        "",
        "## Mean IoU over the data set, as VOC counts",
        "",
        .. MarkdownTable.Lines(["Model", "Correct", table.NoKey, "Incorrect"], table.Rows.Select(row => (string[])[row.Label, .. Conditions(row.Model, OverDataSet)])),
        "",
        Floors(result, OverDataSet),
        "",
        "## Training and time",
        "",
        .. MarkdownTable.Lines(["Model", "Trained as", "Best epoch", "Training, minutes", "Evaluation, minutes"], table.Rows.Select(Work)),
        "",
    ]);

    private static double PerImage(Scores scores) => scores.MeanImageIntersectionOverUnion;

    private static double OverDataSet(Scores scores) => scores.MeanIntersectionOverUnion;

    private static IEnumerable<string> Facts(TablesResult result)
    {
        var (settings, data) = (result.Settings, result.Data);
        yield return Text($"Network: FCN with {settings.Backbone}, output stride {settings.OutputStride}, images of {settings.ImageHeight} x {settings.ImageWidth} pixels, initial weights {(settings.InitialWeights is { } file ? $"of {file}" : "random")}");
        yield return Text($"Training (preset {settings.Preset}): epochs {settings.Epochs}, batch size {settings.BatchSize}, learning rate {settings.LearningRate} restarted every {settings.RestartPeriod} epochs, weight decay {settings.WeightDecay}, seed {settings.Seed}");
        yield return settings.IsLiteral
            ? "Permuted models: each trained on its own, reading its initial weights through the permutation"
            : "Permuted models: the baseline, protected after its training, which is exact";
        yield return Text($"Data: {data.Name}, {data.ClassNames.Count} classes; trained on {data.TrainImages} images ({data.TrainList}), a tenth of them held out to choose the epoch; tried on {data.TestImages} ({data.TestList})");
        yield return Text($"Incorrect: {settings.WrongKeys} wrong keys; mean ± standard deviation (smallest to largest)");
        yield return "Paper: ResNet-50, 256 x 256 pixels, PASCAL VOC 2012, 100 epochs, 100 wrong keys";
    }

    private static string[] Conditions(ModelResult? model, Func<Scores, double> measure) =>
    [
        Ratio(model is null ? null : measure(model.Correct)),
        Ratio(model?.NoKey is { } noKey ? measure(noKey) : null),
        model is null or { WrongKeys.Count: 0 } ? Missing : Spread(KeySpread.Of([.. model.WrongKeys.Select(measure)])),
    ];

    private static string Floors(TablesResult result, Func<Scores, double> measure) =>
        $"Without looking at an image: {Ratio(measure(result.BestConstantClass))} by the best constant class, {Ratio(measure(result.MostFrequentClassPerPixel))} by the most frequent class of each pixel.";

    private static string[] Work(PaperRow row) => row.Model is not { } model ? [row.Label, Missing, Missing, Missing, Missing] :
    [
        row.Label,
        model.TrainedAs,
        model.Epochs.LastOrDefault(epoch => epoch.IsBest) is { } best ? Text($"{best.Epoch}") : Missing,
        model.TrainingSeconds > 0 ? Minutes(model.TrainingSeconds) : Missing,
        Minutes(model.EvaluationSeconds),
    ];

    private static string Spread(KeySpread spread) =>
        $"{Ratio(spread.Mean)} ± {Ratio(spread.StandardDeviation)} ({Ratio(spread.Minimum)} to {Ratio(spread.Maximum)})";

    private static string Ratio(double? value) => value is { } number && !double.IsNaN(number) ? Text($"{number:0.0000}") : Missing;

    private static string Minutes(double seconds) => Text($"{seconds / 60:0.00}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
