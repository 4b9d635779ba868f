using Microsoft.ML.PermutedSegmentation;
using Workbench.Tables;

namespace Workbench.Report;

/// <summary>The paper's Tables I and II with our numbers beside its own, and the floors.</summary>
internal static class ReportTables
{
    private const int PermutedModels = 6;

    /// <summary>Table I: permuted feature maps.</summary>
    public static Html One(TablesResult result)
    {
        var own = result.Models.Where(model => model.Method is null && model.FeatureMaps != FeatureMaps.None).Select(model => model.Name);
        var names = Enumerable.Range(1, PermutedModels).Select(ModelPlan.PermutedName).Union(own).Append(ModelPlan.Baseline);
        return ScrollingTable.Of("table-1", "Table I. Mean IoU of models with a permuted feature map", Html.Of($"""
            <colgroup></colgroup><colgroup span="2"></colgroup><colgroup span="2"></colgroup><colgroup span="2"></colgroup>
            <thead>
            <tr><th scope="col" rowspan="2">Model</th><th scope="colgroup" colspan="2">Correct (K)</th><th scope="colgroup" colspan="2">No-perm</th><th scope="colgroup" colspan="2">Incorrect (K′)</th></tr>
            <tr>{Enumerable.Repeat(Html.Of($"""<th scope="col">Ours</th><th scope="col">Paper</th>"""), 3)}</tr>
            </thead>
            <tbody>
            {names.Select(name => ModelRow(name, Conditions(result, name), Conditions(PaperResults.Find(name))))}
            </tbody>
            """));
    }

    /// <summary>Table II: images encrypted block by block.</summary>
    public static Html Two(TablesResult result)
    {
        var blockSizes = PaperResults.BlockSizes.Union(result.Models.Select(model => model.BlockSize).OfType<int>()).Order();
        return ScrollingTable.Of("table-2", "Table II. Mean IoU of models of images encrypted block by block", Html.Of($"""
            <colgroup span="2"></colgroup><colgroup span="3"></colgroup><colgroup span="3"></colgroup><colgroup span="3"></colgroup>
            <thead>
            <tr><th scope="col" colspan="2" rowspan="2">Block size</th>{ModelPlan.Methods.Select(method => Html.Of($"""<th scope="colgroup" colspan="3">{method.Name}</th>"""))}</tr>
            <tr>{Enumerable.Repeat(Html.Of($"""<th scope="col">Correct</th><th scope="col">Plain</th><th scope="col">Incorrect</th>"""), ModelPlan.Methods.Count)}</tr>
            </thead>
            {blockSizes.Select(size => Rows(result, $"{size}", ModelPlan.Methods.Select(method => ModelPlan.EncryptedName(method.Name, size)), width: 1))}
            <tbody>
            <tr class="heading"><th scope="col" colspan="2">No encryption</th><th scope="colgroup" colspan="3">Correct</th><th scope="colgroup" colspan="3">Plain</th><th scope="colgroup" colspan="3">Incorrect</th></tr>
            </tbody>
            {Rows(result, ModelNames.Title(ModelPlan.PermutedName(6)), [ModelPlan.PermutedName(6)], width: 3)}
            {Rows(result, ModelNames.Title(ModelPlan.Baseline), [ModelPlan.Baseline], width: 3)}
            """));
    }

    /// <summary>What is reached without a model.</summary>
    public static Html Floors(TablesResult result) => ScrollingTable.Of("floors", "Floors: without any model", Html.Of($"""
        <thead>
        <tr><th scope="col">Prediction</th><th scope="col">Mean IoU</th><th scope="col">Data set</th><th scope="col">Pixel accuracy</th></tr>
        </thead>
        <tbody>
        {FloorRow("Best constant class", result.BestConstantClass)}
        {FloorRow("Most frequent class per pixel", result.MostFrequentClassPerPixel)}
        </tbody>
        """));

    private static Html ModelRow(string name, IReadOnlyList<Scores>[] ours, double?[] paper) => Html.Of($"""
        <tr><th scope="row">{ModelNames.Title(name)}<small>{MapsOf(name)}</small></th>
        {ours.Zip(paper, (scores, number) => Html.Of($"""
            <td>{PerImage(scores)}{Range(scores)}{(scores.Count == 0 ? null : Html.Of($"<small>data set {OverDataSet(scores)}</small>"))}</td><td class="other">{ReportText.Ratio(number)}</td>
            """))}
        </tr>
        """);

    private static string MapsOf(string name) => name switch
    {
        "model-1" => "map 1, after the stem",
        "model-2" or "model-3" or "model-4" or "model-5" => $"map {name[^1]}, after stage {name[^1] - '1'}",
        "model-6" => "map 6, in the head",
        ModelPlan.AllMaps => "maps 1 to 6 together",
        ModelPlan.Baseline => "not protected",
        _ => "",
    };

    // Models side by side, three conditions each; without encryption one model, whose conditions are as wide as the methods above.
    private static Html Rows(TablesResult result, string title, IEnumerable<string> names, int width)
    {
        var ours = names.SelectMany(name => Conditions(result, name)).ToList();
        var paper = names.SelectMany(name => Conditions(PaperResults.Find(name)));
        return Html.Of($"""
            <tbody>
            <tr><th scope="rowgroup" rowspan="3">{title}</th><th scope="row">Ours</th>{ours.Select(scores => Html.Of($"""<td colspan="{width}">{PerImage(scores)}{Range(scores)}</td>"""))}</tr>
            <tr class="other"><th scope="row">Data set</th>{ours.Select(scores => Html.Of($"""<td colspan="{width}">{OverDataSet(scores)}</td>"""))}</tr>
            <tr class="other"><th scope="row">Paper</th>{paper.Select(number => Html.Of($"""<td colspan="{width}">{ReportText.Ratio(number)}</td>"""))}</tr>
            </tbody>
            """);
    }

    private static Html FloorRow(string name, Scores scores) => Html.Of($"""
        <tr><th scope="row">{name}</th><td>{PerImage([scores])}</td><td>{OverDataSet([scores])}</td><td>{ReportText.Ratio(scores.PixelAccuracy)}</td></tr>
        """);

    // Correct, no key, incorrect: one score, or one a key, or none.
    private static IReadOnlyList<Scores>[] Conditions(TablesResult result, string name) =>
        result.Models.FirstOrDefault(model => model.Name == name) is { } model
            ? [[model.Correct], model.NoKey is { } noKey ? [noKey] : [], model.WrongKeys]
            : [[], [], []];

    private static double?[] Conditions(PaperScores? paper) => [paper?.Correct, paper?.NoKey, paper?.Incorrect];

    private static string PerImage(IReadOnlyList<Scores> scores) => Mean(scores, one => one.MeanImageIntersectionOverUnion);

    private static string OverDataSet(IReadOnlyList<Scores> scores) => Mean(scores, one => one.MeanIntersectionOverUnion);

    private static string Mean(IReadOnlyList<Scores> scores, Func<Scores, double> measure) => ReportText.Ratio(scores.Count == 0 ? null : scores.Average(measure));

    private static Html? Range(IReadOnlyList<Scores> scores)
    {
        if (scores.Count < 2)
            return null;
        var spread = KeySpread.Of([.. scores.Select(one => one.MeanImageIntersectionOverUnion)]);
        return Html.Of($"<small>{ReportText.Ratio(spread.Minimum)} to {ReportText.Ratio(spread.Maximum)}</small>");
    }
}
