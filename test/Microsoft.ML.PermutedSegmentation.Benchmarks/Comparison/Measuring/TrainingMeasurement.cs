using System.Diagnostics;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>
/// A training from files to a model, unprotected or, as the variant "keyed", with all six feature maps permuted, or as "keyed+mixed" also in mixed precision. A step is timed
/// from the end of the one before it, so that what the loader keeps it waiting for counts.
/// </summary>
internal sealed class TrainingMeasurement : IProgress<TrainingProgress>
{
    private readonly List<double> _steps = [];
    private readonly Dictionary<string, double> _numbers = [];
    private readonly Stopwatch _clock = new();

    public static Dictionary<string, double> Run(Workload workload)
    {
        MLContext mlContext = Materials.Context(workload);
        var measurement = new TrainingMeasurement();
        var options = new PermutedSegmentationTrainer.Options
        {
            Backbone = workload.Backbone,
            OutputStride = workload.OutputStride,
            ImageHeight = workload.Size,
            ImageWidth = workload.Size,
            BatchSize = workload.Batch,
            MicroBatchSize = workload.Batch,
            Epochs = workload.Epochs,
            Optimizer = SegmentationOptimizer.Sgd,
            LearningRate = 0.01,
            WeightAveraging = 0,
            MixedPrecision = workload.Variant == "keyed+mixed",
            Loss = SegmentationLoss.PlainCrossEntropy,
            ValidationSet = Rows(mlContext, workload, workload.Batch),
            Progress = measurement,
        };
        using PermutationKey key = PermutationKey.Generate();
        SegmentationTrainersCatalog trainers = mlContext.Segmentation().Trainers;
        PermutedSegmentationTrainer trainer = workload.Variant.StartsWith("keyed", StringComparison.Ordinal) ? trainers.Permuted(key, options) : trainers.Fcn(options);
        using PermutedSegmentationTransformer model = trainer.Fit(Rows(mlContext, workload, workload.Images));
        measurement._numbers["secondsPerStep"] = measurement._steps.Order().ElementAt(measurement._steps.Count / 2);
        return measurement._numbers;
    }

    public void Report(TrainingProgress progress)
    {
        if (progress.Phase == TrainingPhase.Training)
        {
            // The first step of an epoch follows none.
            if (progress.Step > 1)
                _steps.Add(_clock.Elapsed.TotalSeconds);
            _clock.Restart();
        }
        else if (progress.Phase == TrainingPhase.EpochCompleted)
        {
            _numbers[$"residentAfterEpoch{progress.Epoch}"] = ProcessStatus.ResidentMegabytes;
        }
    }

    /// <summary>Images with their masks, read from files.</summary>
    public static IDataView Rows(MLContext mlContext, Workload workload, int count)
    {
        string[] classNames = [.. Enumerable.Range(0, workload.Classes).Select(k => $"{k}")];
        IDataView files = mlContext.Data.LoadFromEnumerable(Materials.ImageFiles(workload, count).Select(path => new ImageRow
        {
            ImagePath = path,
            MaskPath = Path.Combine(workload.MaskFolder, Path.ChangeExtension(Path.GetFileName(path), ".png")),
        }));
        var load = mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath")
            .Append(mlContext.Segmentation().Transforms.LoadMasks("Label", "", "MaskPath", classNames));
        return load.Fit(files).Transform(files);
    }
}
