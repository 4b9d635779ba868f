using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Spectre.Console;
using Workbench.Distribution;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>evaluate</c>: scores a model against known masks, with its key, without, or with wrong ones.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var data = new DataOptions();
        var list = new Option<string?>("--list") { HelpName = "NAME", Description = "The images to score: a list of the data set. [default: val]" };
        var key = CommonOptions.Key("Unlocks the model with this key file; fails when it is not the model's key.");
        var noKey = CommonOptions.NoKey();
        var wrongKeys = CommonOptions.OptionalCount("--wrong-keys", "Unlocks the model with N random keys, one after the other, and reports the spread.");
        var json = new PathOption("--json", FileRole.Output) { HelpName = "out.json", Description = "Also writes the metrics to this file, as JSON." };

        var command = new DetailedCommand("evaluate", "Compares a model's predictions with known masks and prints the metrics.", """
            Example:
              permseg evaluate --model model.zip --data camvid --list val --key key.pem
            """)
        { model, list, key, noKey, wrongKeys, json, new OverwriteOption() };
        data.AddTo(command);
        command.RequireExactlyOneOf(key, noKey, wrongKeys);
        var scoring = new ScoringOptions().AddTo(command);

        command.DoesTogether(Job.Option(), (result, outputs, cancellationToken) =>
        {
            var count = result.GetValue(wrongKeys);
            if (count is not null)
                Job.RequireAlone($"{command.Name} {wrongKeys.Name}");
            var mlContext = new MLContext().WithWarnings();
            var loaded = mlContext.LoadModel(result.GetRequiredValue(model), result.GetValue(key));
            using var folder = data.Open(result);
            var images = folder.Load(mlContext, folder.ListOr(result.GetValue(list), folder.ValidationList, list.Name));
            var segmenter = scoring.Apply(result, mlContext, loaded, otherKeys: count is not null, images.GetColumn<string>("ImagePath"), folder.Orientation).Reading(folder.Orientation, mlContext);
            var rows = mlContext.LoadMasks(Job.ShareOf(mlContext, images), folder);

            object report = count is null
                ? EvaluateOnce(mlContext, segmenter, rows, cancellationToken)
                : EvaluateWrongKeys(mlContext, segmenter, rows, count.Value, cancellationToken);
            if (result.GetValue(json) is { } path && Job.Group is null or { Rank: 0 })
                outputs.Write(path, temporary => MetricsJson.Write(report, temporary));
            return 0;
        });
        return command;
    }

    private static SegmentationMetrics EvaluateOnce(MLContext mlContext, ITransformer model, IDataView rows, CancellationToken cancellationToken)
    {
        var metrics = mlContext.Segmentation().Evaluate(model.Transform(rows), cancellationToken: cancellationToken, processGroup: Job.Group);
        Console.WriteLine(metrics);
        return metrics;
    }

    private static KeySweep EvaluateWrongKeys(MLContext mlContext, ITransformer locked, IDataView rows, int count, CancellationToken cancellationToken)
    {
        var imageCount = rows.GetColumn<string>("Name").Count();
        WrongKeyMetrics? metrics = null;
        CountedWork.Run("images under wrong keys", (long)imageCount * count, report =>
            metrics = mlContext.Segmentation().EvaluateWrongKeys(locked, rows, count, progress: new Reporter<long>(report), cancellationToken: cancellationToken));
        var sweep = KeySweep.Of(metrics!);
        var table = new Table().AddColumns("", "mean", "std. dev.", "minimum", "maximum");
        foreach (var (name, spread) in new[]
        {
            ("mean IoU", sweep.MeanIntersectionOverUnion),
            ("mean IoU per image", sweep.MeanImageIntersectionOverUnion),
        })
            table.AddRow(name, $"{spread.Mean:f4}", $"{spread.StandardDeviation:f4}", $"{spread.Minimum:f4}", $"{spread.Maximum:f4}");
        AnsiConsole.Write(table);
        return sweep;
    }
}
