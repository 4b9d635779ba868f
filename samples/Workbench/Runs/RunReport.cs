using Microsoft.ML.PermutedSegmentation;
using Workbench.Report;

namespace Workbench.Runs;

/// <summary>The report of a training.</summary>
internal static class RunReport
{
    /// <summary>Writes the page.</summary>
    public static void Write(string path, RunSummary run) => File.WriteAllText(path, Page(run).ToString());

    private static Html Page(RunSummary run) => ReportPage.Of(run.ModelName, Html.Of($"""
        <h1>{run.ModelName}</h1>
        {About(run)}
        {Scores(run)}
        {Images(run)}
        {Training(run)}
        """));

    private static Html About(RunSummary run)
    {
        var (model, data) = (run.Model, run.Data);
        return Html.Of($"""
            <p>{model.Network.ToString()} on {model.Backbone.ToString()}, output stride {model.OutputStride}, {(model.Salt.IsEmpty ? "not protected" : $"protected with a key ({(model.IsSealed ? "sealed; " : "")}feature maps {model.FeatureMaps})")};
            {(model.ScoringMode == ScoringMode.SlidingWindow ? "images at their own size, by windows of" : "images resized to")} {model.ImageHeight} × {model.ImageWidth} pixels.
            {data.Description}. It started from {run.InitialWeights} and learned from {$"{data.TrainingImages:N0}"} images of the list “{data.TrainingList}” in {ReportText.Duration(run.Elapsed.TotalSeconds)};
            the epoch was chosen by {data.ChosenBy}. All options of the training are in {RunFolder.OptionsFile}.</p>
            """);
    }

    private static Html? Scores(RunSummary run) => run.Metrics is not { } metrics ? null : Html.Of($"""
        <section id="scores">
        <h2>Scores</h2>
        <p>Of the {$"{metrics.ImageCount:N0}"} images of the list “{run.Data.TestList ?? ""}”{run.Data.Caution}.
        Mean IoU over the data set {ReportText.Ratio(metrics.MeanIntersectionOverUnion)}, per image {ReportText.Ratio(metrics.MeanImageIntersectionOverUnion)};
        pixel accuracy {ReportText.Ratio(metrics.PixelAccuracy)}.</p>
        {ScrollingTable.Of("classes", "Classes", Html.Of($"""
            <thead>
            <tr><th scope="col">Class</th><th scope="col">IoU</th><th scope="col">Dice</th><th scope="col">Accuracy</th><th scope="col">Pixels</th></tr>
            </thead>
            <tbody>
            {metrics.ClassNames.Select((name, k) => Class(metrics, name, k))}
            </tbody>
            """))}
        <h3>What is taken for what</h3>
        <p>A row for each true class, a column for each predicted one: percent of the true pixels.</p>
        {ConfusionPicture.Draw(metrics)}
        </section>
        """);

    private static Html Class(SegmentationMetrics metrics, string name, int k) => Html.Of($"""
        <tr><th scope="row">{name}</th><td>{ReportText.Ratio(metrics.PerClassIntersectionOverUnion[k])}</td><td>{ReportText.Ratio(metrics.PerClassDice[k])}</td><td>{ReportText.Ratio(metrics.PerClassAccuracy[k])}</td><td>{$"{metrics.ConfusionMatrix.GetTruthCount(k):N0}"}</td></tr>
        """);

    private static Html? Images(RunSummary run) => run.Pictures.Count == 0 ? null : Html.Of($"""
        <section id="images">
        <h2>Images</h2>
        <p>Those with the highest, the middle and the lowest mean IoU of their own.</p>
        {run.Pictures.Select(one => PictureGrid.Row(one.Pictures, one.Caption))}
        {PictureGrid.Legend(run.Model.ClassNames)}
        </section>
        """);

    private static Html? Training(RunSummary run)
    {
        if (run.Epochs.Count == 0)
            return null;
        var (last, loss, ratio) = TrainingCharts.LargestOf(run.Epochs);
        return Html.Of($"""
            <section id="training">
            <h2>Training</h2>
            <p>The epoch with the lowest validation loss was kept: the dots. All numbers are in {RunFolder.EpochsFile}.</p>
            {TrainingCharts.Legend}
            <div class="charts">
            <figure>
            {TrainingCharts.Draw(run.ModelName, run.Epochs, last, loss, ratio)}
            </figure>
            </div>
            </section>
            """);
    }
}
