using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Distribution;
using Workbench.Report;
using Workbench.Training;

namespace Workbench.Tables;

/// <summary>Makes the models of the tables one after the other: trains or protects each, tries it, and stores what it scored.</summary>
internal sealed class TablesRun(
    TablesSettings settings, TablesData data, ResultFolder folder, SegmentationWeights? initialWeights, CancellationToken cancellationToken)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>
    /// Makes those models that are not finished yet; the tables are written anew after each. Several processes train their share of the models, and
    /// then try their share of those that are made from trained ones.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. What is finished is stored.</exception>
    public void Make(IReadOnlyList<ModelPlan> plans)
    {
        foreach (var kind in plans.ToLookup(plan => plan.IsTrained).OrderByDescending(kind => kind.Key))
        {
            MakeAll([.. Job.ShareOf([.. kind]).Where(plan => !folder.IsFinished(plan))]);
            Job.Wait();
        }
    }

    private void MakeAll(IReadOnlyList<ModelPlan> plans)
    {
        using var key = TablesKey.Create(settings.Seed);
        for (var i = 0; i < plans.Count; i++)
        {
            Say($"{plans[i].Name}: {i + 1} of {plans.Count} models that are left{Estimate([.. plans.Skip(i)])}");
            if (plans[i].IsTrained && folder.FindTraining(plans[i].Name) is null)
                Train(plans[i], key);
            cancellationToken.ThrowIfCancellationRequested();
            Evaluate(plans[i], key);
            if (Job.Group is null or { Rank: 0 })
                WriteTables();
        }
    }

    /// <summary>Writes the tables of all finished models.</summary>
    public void WriteTables()
    {
        if (Result is not { } result)
            return;
        folder.Write("tables.json", path => MetricsJson.Write(result, path));
        foreach (var table in new[] { PaperTable.I(result), PaperTable.II(result) })
        {
            folder.Write(table.FileName + ".md", path => File.WriteAllText(path, MarkdownTables.Format(table, result)));
            folder.Write(table.FileName + ".csv", path => File.WriteAllText(path, CsvTables.Format(table)));
        }
    }

    /// <summary>Writes the report of all finished models.</summary>
    public void WriteReport()
    {
        if (Result is not { } result)
            return;
        Say("writing the report");
        var figure = DrawFigure6();
        folder.Write("report.html", path => ReportFile.Write(path, result, figure));
    }

    // Null until a model has been tried with keys: the baseline, which comes first, has no floors.
    private TablesResult? Result => folder.Floors is { } floors
        ? new TablesResult(settings, data.Summary, floors.BestConstantClass, floors.MostFrequentClassPerPixel, folder.FinishedModels)
        : null;

    // The paper's Model-6 beside the baseline; nothing when they have not been made.
    private IReadOnlyList<PictureRow> DrawFigure6()
    {
        var plans = ModelPlan.TableI(settings.IsLiteral).Where(plan => plan.IsBaseline || plan.FeatureMaps == FeatureMaps.Head).ToList();
        if (plans.Any(plan => folder.FindTraining(plan.TrainedAs) is null))
            return [];
        using var key = TablesKey.Create(settings.Seed);
        var mlContext = new MLContext(settings.Seed);
        using var baseline = Open(mlContext, plans[0], key);
        using var protectedModel = Open(mlContext, plans[1], key);
        return Figure6.Draw(mlContext, baseline.Model, protectedModel.Model, key, data.Test, data.Folder);
    }

    private void Train(ModelPlan plan, PermutationKey key)
    {
        var mlContext = new MLContext(settings.Seed).WithWarnings();
        var images = mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath", data.Folder.Orientation).Fit(data.Train);
        var clock = Stopwatch.StartNew();
        EpochRecorder? recorder = null;
        using var segmenter = TrainingDisplay.Show(progress =>
        {
            recorder = new EpochRecorder(progress);
            var trainer = plan.CreateTrainer(mlContext, key, Options(recorder));
            return trainer.Fit(mlContext.LoadMasks(images.Transform(data.Train), data.Folder));
        });
        folder.SaveTraining(plan.Name, new TrainingResult(recorder!.Epochs, clock.Elapsed.TotalSeconds),
            path => mlContext.Model.Save(images.Append(segmenter), data.Train.Schema, path));
    }

    // The paper's recipe, also where its numbers are other ones.
    private PermutedSegmentationTrainer.Options Options(IProgress<TrainingProgress> progress)
    {
        var options = PermutedSegmentationTrainer.Options.Paper();
        (options.Backbone, options.OutputStride) = (settings.Backbone, settings.OutputStride);
        (options.ImageHeight, options.ImageWidth) = (settings.ImageHeight, settings.ImageWidth);
        (options.Epochs, options.BatchSize, options.RestartPeriod) = (settings.Epochs, settings.BatchSize, settings.RestartPeriod);
        (options.LearningRate, options.WeightDecay) = (settings.LearningRate, settings.WeightDecay);
        options.InitialWeights = initialWeights;
        (options.Progress, options.CancellationToken) = (progress, cancellationToken);
        return options;
    }

    // Models are tried as their files hold them, so that a run that goes on gets the same numbers.
    private void Evaluate(ModelPlan plan, PermutationKey key)
    {
        var training = folder.FindTraining(plan.TrainedAs) ?? throw new FileNotFoundException(
            $"'{folder.ModelFile(plan.TrainedAs)}' or its training is missing, but {plan.Name} is made from it. To train it again, also delete the results of {plan.TrainedAs}.");
        var mlContext = new MLContext(settings.Seed);
        var clock = Stopwatch.StartNew();
        Say($"{plan.Name}: trying it {(plan.IsBaseline ? "" : $"with its key, without one and with {settings.WrongKeys} wrong ones ")}on {data.Summary.TestImages} images");
        using var opened = Open(mlContext, plan, key);
        var (correct, noKey, wrongKeys) = plan.IsBaseline ? (EvaluateBaseline(mlContext, opened.Model), null, []) : EvaluateKeys(mlContext, opened.Model, key);

        var own = plan.IsTrained ? training : new TrainingResult([], 0);
        folder.Save(new ModelResult(plan.Name, plan.FeatureMaps, plan.Method, plan.BlockSize, plan.TrainedAs,
            own.Epochs, own.Seconds, clock.Elapsed.TotalSeconds, correct, noKey, wrongKeys));
        Say($"{plan.Name}: mean IoU per image {correct.MeanImageIntersectionOverUnion:f4}"
            + (noKey is null ? "" : $", without a key {noKey.MeanImageIntersectionOverUnion:f4}, with wrong ones {wrongKeys.Average(scores => scores.MeanImageIntersectionOverUnion):f4}"));
    }

    private OpenModel Open(MLContext mlContext, ModelPlan plan, PermutationKey key)
    {
        var stored = mlContext.LoadModel(folder.ModelFile(plan.TrainedAs), keyPath: null);
        return plan.IsTrained ? new OpenModel(stored, stored) : new OpenModel(mlContext.Segmentation().Protect(stored, key, plan.FeatureMaps), stored);
    }

    private Scores EvaluateBaseline(MLContext mlContext, ITransformer model) => ScoresOf(mlContext.Segmentation().Evaluate(
        model.Transform(mlContext.LoadMasks(data.Test, data.Folder)), cancellationToken: cancellationToken));

    private (Scores Correct, Scores? NoKey, IReadOnlyList<Scores> WrongKeys) EvaluateKeys(MLContext mlContext, ITransformer model, PermutationKey key)
    {
        // The floors are the same for all models.
        var training = folder.Floors is null ? mlContext.LoadMasks(data.Train, data.Folder) : null;
        var metrics = mlContext.Segmentation().EvaluateAccessControl(
            model, mlContext.LoadMasks(data.Test, data.Folder), key, settings.WrongKeys, training, cancellationToken: cancellationToken);
        if (metrics.MostFrequentClassPerPixel is { } prior)
            folder.Save(new Floors(ScoresOf(metrics.BestConstantClass), ScoresOf(prior)));
        return (ScoresOf(metrics.Correct), ScoresOf(metrics.NoKey), [.. metrics.Incorrect.PerKey.Select(ScoresOf)]);
    }

    private static Scores ScoresOf(SegmentationMetrics metrics) =>
        new(metrics.MeanIntersectionOverUnion, metrics.MeanImageIntersectionOverUnion, metrics.PixelAccuracy);

    // From how long finished models took; nothing before the first.
    private string Estimate(IReadOnlyList<ModelPlan> left)
    {
        var finished = folder.FinishedModels;
        if (finished.Count == 0)
            return "";
        var evaluation = finished.Average(model => model.EvaluationSeconds);
        var training = finished.Select(model => model.TrainingSeconds).Where(seconds => seconds > 0).DefaultIfEmpty(0).Average();
        return $", about {Hours(TimeSpan.FromSeconds(left.Count * evaluation + left.Count(plan => plan.IsTrained) * training))} left";
    }

    private void Say(string what) => Console.WriteLine($"[{Hours(_clock.Elapsed)}] {what}");

    // A run may take days.
    private static string Hours(TimeSpan time) => $"{(int)time.TotalHours:00}:{time:mm\\:ss}";

    // A model, and the stored one that it was made of; they share weights.
    private sealed record OpenModel(ITransformer Model, ITransformer Stored) : IDisposable
    {
        public void Dispose()
        {
            (Model as IDisposable)?.Dispose();
            (Stored as IDisposable)?.Dispose();
        }
    }
}
