using Microsoft.ML.PermutedSegmentation;
using OxyPlot;
using OxyPlot.Series;
using Workbench.Tables;

namespace Workbench.Report;

/// <summary>The charts of the report: one small one a model, on common axes within a group of models.</summary>
internal static class ReportCharts
{
    private const int BinCount = 40;

    private static readonly OxySize Size = new(230, 150);

    private static readonly BinningOptions EveryKey = new(
        BinningOutlierMode.RejectOutliers, BinningIntervalType.InclusiveLowerBound, BinningExtremeValueMode.IncludeExtremeValues);

    // Blue and vermilion of Okabe and Ito (2008), and told apart by their dashes too.
    private static readonly LineLook CorrectLook = new("#0072b2", 2), NoKeyLook = new("#d55e00", 2, 5, 3), FloorLook = new("#1d2129", 2, 1.5, 2.5), BarLook = new("#9db7d3", 10);

    /// <summary>The losses and the validation IoU of each training.</summary>
    public static Html? Trainings(TablesResult result)
    {
        var trained = result.Models.Where(model => model.Epochs.Count > 0).ToList();
        return trained.Count == 0 ? null : Html.Of($"""
            <section id="trainings">
            <h2>Training</h2>
            <p>The loss is the mean cross-entropy per pixel. After each epoch the model was tried on images held out of the training, and in the
            end the epoch with the lowest validation loss was kept: the dots. {SharedTraining(result)}</p>
            {TrainingCharts.Legend}
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
            {BarLook.Legend("wrong keys")}
            {CorrectLook.Legend("correct key")}
            {NoKeyLook.Legend("no key")}
            {FloorLook.Legend("floor, the higher of the two")}
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

    private static IEnumerable<Html> TrainingFigures(IReadOnlyList<ModelResult> models)
    {
        var epochs = models.SelectMany(model => model.Epochs).ToList();
        var (last, loss, ratio) = TrainingCharts.LargestOf(epochs);
        return models.Select(model => Training(model, last, loss, ratio));
    }

    private static Html Training(ModelResult model, int lastEpoch, double largestLoss, double largestRatio)
    {
        var kept = TrainingCharts.KeptOf(model.Epochs);
        return Html.Of($"""
            <figure>
            <figcaption>{model.Title()}<small>{(kept is null ? "" : $"epoch {kept} kept, ")}{ReportText.Duration(model.TrainingSeconds)}</small></figcaption>
            {TrainingCharts.Draw(model.Title(), model.Epochs, lastEpoch, largestLoss, largestRatio)}
            </figure>
            """);
    }

    private static IEnumerable<Html> Histograms(IReadOnlyList<ModelResult> models, double floor)
    {
        var bins = HistogramHelpers.CreateUniformBins(0, Chart.Largest([floor, .. models.SelectMany(ScoresOf)]), BinCount);
        var counts = models.Select(model => HistogramHelpers.Collect(Wrong(model).Where(double.IsFinite), bins, EveryKey)).ToList();
        var most = counts.Max(one => one.Max(bin => bin.Count));
        return models.Zip(counts, (model, bars) => KeyHistogram(model, floor, bars, bins[^1], most));
    }

    private static Html KeyHistogram(ModelResult model, double floor, IEnumerable<HistogramItem> bars, double largest, int most)
    {
        var spread = KeySpread.Of(Wrong(model));
        var (correct, noKey) = (model.Correct.MeanImageIntersectionOverUnion, model.NoKey?.MeanImageIntersectionOverUnion);
        IEnumerable<LineSeries> At(LineLook look, double x) => look.Curve([new(x, 0), new(x, most)], dotAt: null);
        return Html.Of($"""
            <figure>
            <figcaption>{model.Title()}<small>{model.WrongKeys.Count} wrong keys</small></figcaption>
            {Chart.Draw($"Wrong keys of {model.Title()}",
                $"Mean IoU from {spread.Minimum:0.0000} to {spread.Maximum:0.0000}, mean {spread.Mean:0.0000}; correct key {correct:0.0000}, no key {noKey:0.0000}, floor {floor:0.0000}.",
                Size, [Chart.Plot(Chart.FromZero("mean IoU", largest), Chart.FromZero("keys", most, leastStep: 1),
                    [Bars(bars), .. At(FloorLook, floor), .. At(NoKeyLook, noKey ?? double.NaN), .. At(CorrectLook, correct)])])}
            </figure>
            """);
    }

    private static RectangleBarSeries Bars(IEnumerable<HistogramItem> bins)
    {
        var series = new RectangleBarSeries { FillColor = OxyColor.Parse(BarLook.Color), StrokeThickness = 0, LabelFormatString = null };
        foreach (var bin in bins.Where(bin => bin.Count > 0))
            series.Items.Add(new RectangleBarItem(bin.RangeStart, 0, bin.RangeEnd, bin.Count));
        return series;
    }

    private static double[] Wrong(ModelResult model) => [.. model.WrongKeys.Select(key => key.MeanImageIntersectionOverUnion)];

    private static IEnumerable<double> ScoresOf(ModelResult model) =>
        [.. Wrong(model), model.Correct.MeanImageIntersectionOverUnion, model.NoKey?.MeanImageIntersectionOverUnion ?? 0];
}
