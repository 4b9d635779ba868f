using Microsoft.ML.PermutedSegmentation;
using Workbench.Tables;

namespace Workbench.Report;

/// <summary>The charts of the report: one small one a model, on common axes within a group of models.</summary>
internal static class ReportCharts
{
    /// <summary>The losses and the validation IoU of each training.</summary>
    public static Html? Trainings(TablesResult result)
    {
        var trained = result.Models.Where(model => model.Epochs.Count > 0).ToList();
        return trained.Count == 0 ? null : Html.Of($"""
            <section id="trainings">
            <h2>Training</h2>
            <p>The loss is the mean cross-entropy per pixel. After each epoch the model was tried on images held out of the training, and in the
            end the epoch with the lowest validation loss was kept: the dots. {SharedTraining(result)}</p>
            <ul class="legend">
            {LegendLine("training", "training loss")}
            {LegendLine("validation", "validation loss; mean IoU on the validation images, over the data set")}
            </ul>
            {ModelNames.ByMethod(trained).Select(group => Group(group.Title, TrainingFigures(group.Models)))}
            </section>
            """);
    }

    /// <summary>How mean IoU spreads over the wrong keys of each protected model.</summary>
    public static Html? WrongKeys(TablesResult result)
    {
        var models = result.Models.Where(model => model.WrongKeys.Count > 0).ToList();
        return models.Count == 0 ? null : Html.Of($"""
            <section id="wrong-keys">
            <h2>Wrong keys</h2>
            <p>Bars count wrong keys by the mean IoU that they gave. A protection works when all of them, and the line of no key, are far left
            of the line of the correct key; left of the floor, the model is worth less than no model.</p>
            <ul class="legend">
            <li><span class="swatch bar"></span>wrong keys</li>
            {LegendLine("correct", "correct key")}
            {LegendLine("no-key", "no key")}
            {LegendLine("floor", "floor, the higher of the two")}
            </ul>
            {ModelNames.ByMethod(models).Select(group => Group(group.Title, Histograms(group.Models, Floor(result))))}
            </section>
            """);
    }

    private static string SharedTraining(TablesResult result)
    {
        var shared = result.Models.Where(model => model.TrainedAs != model.Name).Select(ModelNames.Title).ToList();
        return shared.Count == 0 ? "" : $"Without a training of their own, protected afterwards: {string.Join(", ", shared)}.";
    }

    private static double Floor(TablesResult result) =>
        Math.Max(result.BestConstantClass.MeanImageIntersectionOverUnion, result.MostFrequentClassPerPixel.MeanImageIntersectionOverUnion);

    private static Html Group(string title, IEnumerable<Html> figures) => Html.Of($"""
        <h3>{title}</h3>
        <div class="charts">
        {figures}
        </div>
        """);

    private static Html LegendLine(string cssClass, string text) => Html.Of($"""
        <li><svg class="swatch" viewBox="0 0 28 10" aria-hidden="true"><line class="{cssClass}" x1="0" x2="28" y1="5" y2="5" /></svg>{text}</li>
        """);

    private static IEnumerable<Html> TrainingFigures(IReadOnlyList<ModelResult> models)
    {
        var epochs = Axis.EndingAt(models.Max(model => model.Epochs.Max(epoch => epoch.Epoch)));
        var losses = new PlotArea(epochs, Axis.UpTo(Largest(models.SelectMany(model => model.Epochs).SelectMany(epoch => new[] { epoch.TrainingLoss, epoch.ValidationLoss }))));
        var ratios = new PlotArea(epochs, Axis.UpTo(Largest(models.SelectMany(model => model.Epochs).Select(epoch => epoch.ValidationMeanIntersectionOverUnion))));
        return models.Select(model => Training(model, losses, ratios));
    }

    private static Html Training(ModelResult model, PlotArea losses, PlotArea ratios)
    {
        var (first, last) = (model.Epochs[0], model.Epochs[^1]);
        var kept = model.Epochs.LastOrDefault(epoch => epoch.IsBest)?.Epoch;
        Line LineOf(string cssClass, Func<EpochResult, double> value) => new(cssClass, [.. model.Epochs.Select(epoch => ((double)epoch.Epoch, value(epoch)))]);
        return Html.Of($"""
            <figure>
            <figcaption>{model.Title()}<small>{(kept is null ? "" : $"epoch {kept} kept, ")}{ReportText.Duration(model.TrainingSeconds)}</small></figcaption>
            {LineChart.Draw(losses, $"Losses of {model.Title()}",
                $"Training loss from {first.TrainingLoss:0.000} to {last.TrainingLoss:0.000}, validation loss from {first.ValidationLoss:0.000} to {last.ValidationLoss:0.000}.",
                "epoch", "loss", [LineOf("training", epoch => epoch.TrainingLoss), LineOf("validation", epoch => epoch.ValidationLoss)], kept)}
            {LineChart.Draw(ratios, $"Validation IoU of {model.Title()}",
                $"From {first.ValidationMeanIntersectionOverUnion:0.000} to {last.ValidationMeanIntersectionOverUnion:0.000}.",
                "epoch", "validation mean IoU", [LineOf("validation", epoch => epoch.ValidationMeanIntersectionOverUnion)], kept)}
            </figure>
            """);
    }

    private static IEnumerable<Html> Histograms(IReadOnlyList<ModelResult> models, double floor)
    {
        var ratios = Axis.UpTo(Largest([floor, .. models.SelectMany(ScoresOf)]));
        var counts = Axis.UpTo(models.Max(model => Histogram.Count(Wrong(model), ratios).Max()), isCount: true);
        return models.Select(model => KeyHistogram(model, floor, new PlotArea(ratios, counts)));
    }

    private static Html KeyHistogram(ModelResult model, double floor, PlotArea area)
    {
        var spread = KeySpread.Of(Wrong(model));
        var (correct, noKey) = (model.Correct.MeanImageIntersectionOverUnion, model.NoKey?.MeanImageIntersectionOverUnion);
        return Html.Of($"""
            <figure>
            <figcaption>{model.Title()}<small>{model.WrongKeys.Count} wrong keys</small></figcaption>
            {Histogram.Draw(area, $"Wrong keys of {model.Title()}",
                $"Mean IoU from {spread.Minimum:0.0000} to {spread.Maximum:0.0000}, mean {spread.Mean:0.0000}; correct key {correct:0.0000}, no key {noKey:0.0000}, floor {floor:0.0000}.",
                "mean IoU", "keys", Wrong(model),
                [("floor", floor), .. noKey is { } value ? [("no-key", value)] : Array.Empty<(string, double)>(), ("correct", correct)])}
            </figure>
            """);
    }

    private static double[] Wrong(ModelResult model) => [.. model.WrongKeys.Select(key => key.MeanImageIntersectionOverUnion)];

    private static IEnumerable<double> ScoresOf(ModelResult model) =>
        [.. Wrong(model), model.Correct.MeanImageIntersectionOverUnion, model.NoKey?.MeanImageIntersectionOverUnion ?? 0];

    private static double Largest(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(0).Max();
}
