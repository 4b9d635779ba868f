using System.Globalization;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Runs;

/// <summary>A model card (Mitchell et al., "Model Cards for Model Reporting", 2019) as Markdown: what the model is, learned from, and is worth.</summary>
internal static class ModelCard
{
    public static void Write(string path, RunSummary run) => File.WriteAllText(path, string.Join('\n', Lines(run)));

    private static IEnumerable<string> Lines(RunSummary run) =>
    [
        $"# {MarkdownTable.Escape(run.ModelName)}",
        "",
        "## Model",
        "",
        .. Model(run).Select(Item),
        "",
        "## Data",
        "",
        .. Data(run).Select(Item),
        "",
        "## Training",
        "",
        .. Training(run).Select(Item),
        "",
        "## Scores",
        "",
        .. Scores(run),
        "",
        "## Use",
        "",
        "Meant for images like those it learned from: of the same things, from the same kind of camera, in the same light. It was tried on no others. It gives",
        "every pixel one of its classes, also where none of them is right, and the classes with a low IoU above it does not find reliably.",
        "Add here who is to use it and what for, what it must not be used for, and what happens when it is wrong.",
        "",
    ];

    private static IEnumerable<string> Model(RunSummary run)
    {
        var model = run.Model;
        yield return Text($"{model.Network} on {model.Backbone}, output stride {model.OutputStride}, {model.ParameterCount:N0} numbers");
        yield return model.ScoringMode == ScoringMode.SlidingWindow
            ? Text($"Images are read at their own size, by windows of {model.ImageHeight} x {model.ImageWidth} pixels")
            : Text($"Images are resized to {model.ImageHeight} x {model.ImageWidth} pixels");
        yield return $"{model.ClassNames.Count} classes: {string.Join(", ", model.ClassNames.Select(MarkdownTable.Escape))}";
        yield return model.Salt.IsEmpty ? "Not protected: the file is all that it takes to use it"
            : model.IsSealed ? "Sealed: the weights in the file are encrypted, and it does not run without its key"
            : $"Protected: the file labels wrongly without its key (feature maps {model.FeatureMaps})";
    }

    private static IEnumerable<string> Data(RunSummary run)
    {
        var data = run.Data;
        yield return MarkdownTable.Escape(data.Description);
        yield return Text($"Learned from the list '{MarkdownTable.Escape(data.TrainingList)}', {data.TrainingImages} images");
        yield return Text($"Epoch chosen by {data.ChosenBy}");
        if (data.TestList is { } test)
            yield return Text($"Tried on the list '{MarkdownTable.Escape(test)}'{data.Caution}");
    }

    private static IEnumerable<string> Training(RunSummary run)
    {
        yield return $"Started from {MarkdownTable.Escape(run.InitialWeights)}";
        yield return Text($"{run.Epochs.Count} epochs, of which number {Report.TrainingCharts.KeptOf(run.Epochs)} was kept, in {Report.ReportText.Duration(run.Elapsed.TotalSeconds)}");
        yield return run.Seed is { } seed ? Text($"Seed {seed}") : "Without a seed";
        yield return $"All options of the training are in {RunFolder.OptionsFile}, its epochs in {RunFolder.EpochsFile}";
    }

    private static IEnumerable<string> Scores(RunSummary run) => run.Metrics is not { } metrics ? ["It was not tried on any images of its own."] :
    [
        Text($"Mean IoU {metrics.MeanIntersectionOverUnion:0.0000} over the data set, {metrics.MeanImageIntersectionOverUnion:0.0000} per image; pixel accuracy {metrics.PixelAccuracy:0.0000}; {metrics.ImageCount:N0} images."),
        "",
        .. MarkdownTable.Lines(["Class", "IoU", "Accuracy", "Pixels"], metrics.ClassNames.Select((name, k) => (string[])
            [MarkdownTable.Escape(name), Ratio(metrics.PerClassIntersectionOverUnion[k]), Ratio(metrics.PerClassAccuracy[k]), Text($"{metrics.ConfusionMatrix.GetTruthCount(k):N0}")])),
    ];

    private static string Item(string text) => $"* {text}";

    private static string Ratio(double value) => double.IsNaN(value) ? "-" : Text($"{value:0.0000}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
