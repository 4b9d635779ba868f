using Microsoft.ML.Data;
using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class PermutedSegmentationTrainerTests : IDisposable
{
    private readonly PermutationKey _key = PermutationKey.Generate();

    public void Dispose() => _key.Dispose();

    [Fact]
    public void The_same_seed_gives_the_same_scores_bit_for_bit()
    {
        float[][] first = TrainAndScore(seed: 5);
        torch.rand(7).Dispose(); // the process-wide generator has no part in it
        Assert.Equal(first, TrainAndScore(seed: 5));
        Assert.NotEqual(first, TrainAndScore(seed: 6));
    }

    [Fact]
    public void Training_with_a_key_costs_no_bit_of_accuracy()
    {
        float[][] plain = TrainAndScore(seed: 3, trainers => trainers.Fcn(ColorPatches.Options()));
        foreach (FeatureMaps maps in (FeatureMaps[])[FeatureMaps.Head, FeatureMaps.All])
        {
            var options = ColorPatches.Options();
            options.FeatureMaps = maps;
            Assert.Equal(plain, TrainAndScore(seed: 3, trainers => trainers.Permuted(_key, options)));
        }
    }

    [Fact]
    public void Images_beyond_the_memory_budget_are_learned_from_all_the_same()
    {
        var options = ColorPatches.Options(epochs: 10);
        options.ImageCacheMegabytes = 0;
        var mlContext = new MLContext(seed: 1);
        using var model = mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(mlContext, 40));
        mlContext.Segmentation().Evaluate(model.Transform(ColorPatches.View(mlContext, 8, seed: 2))).MeanIntersectionOverUnion.Should().BeGreaterThan(0.6);
    }

    [Fact]
    public void Keeps_the_epoch_with_the_lowest_validation_loss()
    {
        var reports = new Reports();
        var mlContext = new MLContext(seed: 2);
        var validation = ColorPatches.View(mlContext, 9, seed: 3);
        var options = ColorPatches.Options(epochs: 6);
        (options.ValidationSet, options.Progress, options.RestartPeriod) = (validation, reports, 2);
        using var model = mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(mlContext, 24));

        TrainingProgress[] epochs = [.. reports.All.Where(report => report.Phase == TrainingPhase.EpochCompleted)];
        Assert.Equal(Enumerable.Range(1, 6), epochs.Select(epoch => epoch.Epoch));
        double lowest = epochs.Min(epoch => epoch.ValidationLoss);
        Assert.Equal(lowest, epochs.Last(epoch => epoch.IsBest).ValidationLoss);
        Assert.Equal(lowest, CrossEntropy(model.Transform(validation)), 1e-4);
        Assert.Equal(epochs.Last(epoch => epoch.IsBest).ValidationMeanIntersectionOverUnion,
            mlContext.Segmentation().Evaluate(model.Transform(validation)).MeanIntersectionOverUnion, 1e-3);
    }

    [Fact]
    public void Reports_reading_steps_and_losses()
    {
        var reports = new Reports();
        var mlContext = new MLContext(seed: 2);
        var options = ColorPatches.Options(epochs: 2);
        (options.Progress, options.MicroBatchSize) = (reports, 3);
        mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(mlContext, 20)).Dispose();

        Assert.Equal(20, reports.All.Last(report => report.Phase == TrainingPhase.Reading).Step);
        // 20 rows, 2 held out, batches of 8.
        Assert.Equal(4, reports.All.Count(report => report is { Phase: TrainingPhase.Training, StepCount: 2 }));
        Assert.Equal(0.1, reports.All.First(report => report.Phase == TrainingPhase.Training).LearningRate, 1e-12);
        reports.All.Where(report => report.Phase == TrainingPhase.Training).Should().OnlyContain(report => report.TrainingLoss > 0);
    }

    [Fact]
    public void Cancelling_ends_with_OperationCanceledException()
    {
        using var cancel = new CancellationTokenSource();
        var options = ColorPatches.Options(epochs: 50);
        options.CancellationToken = cancel.Token;
        options.Progress = new Reports(report =>
        {
            if (report.Phase == TrainingPhase.Training)
                cancel.Cancel();
        });
        var mlContext = new MLContext(seed: 1);
        Assert.Throws<OperationCanceledException>(() => mlContext.Segmentation().Trainers.Permuted(_key, options).Fit(ColorPatches.View(mlContext, 24)));
    }

    [Fact]
    public void A_loss_that_is_no_number_at_once_gives_advice()
    {
        var options = ColorPatches.Options();
        (options.LearningRate, options.WeightDecay) = (1e30, 0);
        var mlContext = new MLContext(seed: 1);
        var exception = Assert.Throws<InvalidOperationException>(() => mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(mlContext, 24)));
        Assert.Contains("LearningRate", exception.Message);
    }

    [Fact]
    public void A_loss_that_is_no_number_later_keeps_the_last_good_epoch()
    {
        // Weight decay alone multiplies all weights by 1 - 4 in each epoch's one step, so that after some epochs they
        // leave the range of a float.
        var options = ColorPatches.Options(epochs: 100);
        (options.LearningRate, options.WeightDecay, options.Momentum, options.RestartPeriod, options.BatchSize) = (4, 1, 0, 100, 4);
        options.Progress = new Reports();
        var mlContext = new MLContext(seed: 1);
        var warnings = new List<string>();
        mlContext.Log += (_, line) => warnings.Add(line.Message);
        using var model = mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(mlContext, 6));
        Assert.Contains(warnings, line => line.Contains("LearningRate"));
        Assert.InRange(((Reports)options.Progress).All.Count(report => report.Phase == TrainingPhase.EpochCompleted), 1, 99);
        Assert.All(Scores(model.Transform(ColorPatches.View(mlContext, 2))), scores => Assert.All(scores, score => Assert.True(float.IsFinite(score))));
    }

    [Theory]
    [InlineData(ScoringMode.Resize, "Vector<Key<Byte, 0-2>, 32, 32>", "Vector<Single, 3, 32, 32>")]
    [InlineData(ScoringMode.SlidingWindow, "Vector<Key<Byte, 0-2>>", "Vector<Single>")]
    public void The_estimators_schema_is_the_transformers(ScoringMode scoring, string labels, string scores)
    {
        var mlContext = new MLContext(seed: 1);
        IDataView data = ColorPatches.View(mlContext, 10);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        options.Scoring = scoring;
        var trainer = mlContext.Segmentation().Trainers.Fcn(options);
        using var model = trainer.Fit(data);
        DataViewSchema schema = model.GetOutputSchema(data.Schema);
        Assert.Equal(labels, schema["PredictedLabel"].Type.ToString());
        Assert.Equal(scores, schema["Score"].Type.ToString());
        Assert.Equal(Describe(SchemaShapes.Of(schema)), Describe(trainer.GetOutputSchema(SchemaShapes.Of(data.Schema))));
        // A chain of estimators that need each other's columns passes only when the promised schema holds.
        var chain = trainer.Append(mlContext.Transforms.CopyColumns("Copy", "PredictedLabel"));
        Assert.Contains(chain.GetOutputSchema(SchemaShapes.Of(data.Schema)), column => column is { Name: "Copy", IsKey: true });

        static List<string> Describe(SchemaShape shape) => [.. shape.Select(column => $"{column.Name}: {column.Kind} {column.ItemType} key={column.IsKey}").Order()];
    }

    private float[][] TrainAndScore(int seed, Func<SegmentationTrainersCatalog, PermutedSegmentationTrainer>? trainer = null)
    {
        MLContext mlContext = CpuContext.Create(seed);
        trainer ??= trainers => trainers.Permuted(_key, ColorPatches.Options());
        using var model = trainer(mlContext.Segmentation().Trainers).Fit(ColorPatches.View(mlContext, 20));
        return Scores(model.Transform(ColorPatches.View(mlContext, 3, seed: 9)));
    }

    private static float[][] Scores(IDataView scored) => [.. scored.GetColumn<float[]>("Score")];

    // Mean of -log p over the pixels that are not void, from the public columns.
    private static double CrossEntropy(IDataView scored)
    {
        double sum = 0;
        long pixels = 0;
        foreach (var (label, score) in scored.GetColumn<byte[]>("Label").Zip(scored.GetColumn<float[]>("Score")))
        {
            for (int p = 0; p < label.Length; p++)
            {
                if (label[p] == 0)
                    continue;
                sum -= Math.Log(score[(label[p] - 1) * label.Length + p]);
                pixels++;
            }
        }
        return sum / pixels;
    }
}
