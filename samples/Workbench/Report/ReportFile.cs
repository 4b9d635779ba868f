using Microsoft.ML.PermutedSegmentation;
using Workbench.Tables;

namespace Workbench.Report;

/// <summary>The report: one page of HTML that needs nothing but itself.</summary>
internal static class ReportFile
{
    /// <summary>Writes the page.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="result">What to report: what is missing in it is missing in the page.</param>
    /// <param name="figure">The rows of Fig. 6; none to leave it out.</param>
    public static void Write(string path, TablesResult result, IReadOnlyList<PictureRow> figure) =>
        File.WriteAllText(path, Page(result, figure).ToString());

    private static Html Page(TablesResult result, IReadOnlyList<PictureRow> figure) => ReportPage.Of($"Tables I and II on {result.Data.Name}", Html.Of($"""
        <h1>Segmentation models with a key: Tables I and II on {result.Data.Name}</h1>
        {About(result)}
        <section id="tables">
        <h2>Tables</h2>
        <p>Mean IoU is the paper’s: the mean over test images of each image’s mean over classes. “Data set” is the mean IoU over one count of
        all pixels, as PASCAL VOC has it. Correct: with the key. No-perm and Plain: without a key. Incorrect: the mean over
        {result.Settings.WrongKeys} wrong keys, and beneath it the lowest and the highest. {ReportText.Dash}: not run, or not in the paper.
        The paper’s numbers are of PASCAL VOC 2012, ResNet-50, 256 × 256 pixels, 100 epochs and 100 wrong keys; where ours are of something
        else, compare the pattern and not the digits.</p>
        {ReportTables.One(result)}
        {ReportTables.Two(result)}
        <p>Two predictions need no model, and a model that is worth no more than they are is worth nothing: the best constant class gives every pixel
        the same class, the one with the highest mean IoU; the most frequent class per pixel is the one that a pixel has most often in the
        training masks.</p>
        {ReportTables.Floors(result)}
        </section>
        {ReportFigure6.Section(figure, result.Data.ClassNames)}
        {ReportCharts.WrongKeys(result)}
        {ReportCharts.Trainings(result)}
        """));

    private static Html About(TablesResult result)
    {
        var (settings, data) = (result.Settings, result.Data);
        return Html.Of($"""
            <p>These are the experiments of H. Ito, M. AprilPyone and H. Kiya, “Access Control Using Spatially Invariant Permutation of Feature Maps
            for Semantic Segmentation Models”, run again. Each model is a fully convolutional network on
            {settings.Backbone.ToString().Replace("ResNet", "ResNet-")} (output stride {settings.OutputStride}), trained on the {data.TrainImages} images of the list
            “{data.TrainList}” of {data.Name}, those held out to choose the epoch included, and tried on the {data.TestImages} images of the list “{data.TestList}”,
            all of {settings.ImageHeight} × {settings.ImageWidth} pixels and {data.ClassNames.Count} classes. Settings “{settings.Preset}”:
            {settings.Epochs} epochs, batches of {settings.BatchSize}, learning rate {settings.LearningRate:0.######} restarted every {settings.RestartPeriod} epochs,
            weight decay {settings.WeightDecay:0.######}, {settings.WrongKeys} wrong keys, seed {settings.Seed}; initial weights {(settings.InitialWeights is { } file ? $"of {file}" : "random")}. {Protection(result)}
            Training took {ReportText.Duration(result.Models.Sum(model => model.TrainingSeconds))}, trying the models
            {ReportText.Duration(result.Models.Sum(model => model.EvaluationSeconds))}.</p>
            """);
    }

    private static string Protection(TablesResult result) => result.Settings.IsLiteral
        ? "Each Model-n was trained on its own, reading its initial weights through the permutation as in the paper."
        : "The protected models of Table I are the trained baseline, protected afterwards: with the key they compute what it computes, and so score the same.";
}
