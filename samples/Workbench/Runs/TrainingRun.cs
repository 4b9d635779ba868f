using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;
using Workbench.Training;

namespace Workbench.Runs;

/// <summary>A training on the lists of a data set, and what is left of it: the model and, if wanted, a folder about the run.</summary>
internal sealed class TrainingRun(
    MLContext mlContext, SegmentationData data, string trainingList, string? validationList, PermutedSegmentationTrainer.Options options, Outputs outputs)
{
    /// <summary>That of the context.</summary>
    public int? Seed { get; init; }

    /// <summary>What the weights are before the training, for people.</summary>
    public required string InitialWeights { get; init; }

    /// <summary>Where to keep how the training went; null not to.</summary>
    public RunFolder? Folder { get; init; }

    /// <summary>The images that the model is tried on for the folder; null for none.</summary>
    public string? TestList { get; init; }

    /// <summary>Trains, and writes the model and what goes into the folder.</summary>
    /// <param name="keyPath">The key file; null to leave the model unprotected.</param>
    /// <param name="output">The model file.</param>
    public void Make(string? keyPath, string output)
    {
        using var key = keyPath is null ? null : Steps.LoadKey(keyPath);
        var (rows, images, prepared) = Load();
        // What is wrong with it should be known now and not after hours.
        var test = Folder is null || TestList is null ? null : data.Load(mlContext, TestList);

        if (options.CheckpointPath is { } checkpoint)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(checkpoint)!);
            OutputFile.Watch(checkpoint + ".partial");
        }
        var recorder = new EpochRecorder();
        var elapsed = TimeSpan.Zero;
        var segmenter = TrainingDisplay.Show(progress =>
        {
            var told = Folder?.Follow(recorder, progress) ?? progress;
            options.Progress = new Reporter<TrainingProgress>(report =>
            {
                elapsed = report.Elapsed;
                told.Report(report);
            });
            var trainers = mlContext.Segmentation().Trainers;
            var trainer = key is null ? trainers.Fcn(options) : trainers.Permuted(key, options);
            return trainer.Fit(prepared);
        });

        // Masks are for training only: the saved model goes from an image's path to its prediction.
        var model = images.Append(segmenter);
        outputs.Write(output, path => mlContext.Model.Save(model, rows.Schema, path));
        Console.WriteLine($"Wrote the {(key is null ? "unprotected" : "protected")} model to {output}.");
        if (Folder is not null)
            Describe(Folder, Path.GetFileName(output), model, rows, test, recorder.Epochs, elapsed);
    }

    /// <summary>Trains with the first process, which has the key and writes what is to be written.</summary>
    public void Share()
    {
        var rows = Load().Prepared;
        mlContext.Segmentation().Trainers.Fcn(options).Fit(rows).Dispose();
    }

    private (IDataView Rows, ITransformer Images, IDataView Prepared) Load()
    {
        var rows = data.Load(mlContext, trainingList);
        var images = mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath", data.Orientation).Fit(rows);
        if (validationList is not null)
            options.ValidationSet = Prepare(data.Load(mlContext, validationList));
        return (rows, images, Prepare(rows));

        IDataView Prepare(IDataView list) => mlContext.LoadMasks(images.Transform(list), data);
    }

    private void Describe(
        RunFolder folder, string name, TransformerChain<PermutedSegmentationTransformer> model, IDataView training, IDataView? test,
        IReadOnlyList<EpochResult> epochs, TimeSpan elapsed)
    {
        var learned = training.GetColumn<string>("ImagePath").ToHashSet();
        var seen = test?.GetColumn<string>("ImagePath").Count(learned.Contains) ?? 0;
        var (metrics, pictures) = test is null ? (null, []) : RunTest.Run(mlContext, model, data, test, options.CancellationToken);
        folder.Finish(new RunSummary
        {
            ModelName = name,
            Model = model.LastTransformer,
            Data = new RunData(data.Description, trainingList, learned.Count, validationList, options.ValidationFraction, TestList, seen),
            InitialWeights = InitialWeights,
            Seed = Seed,
            Epochs = epochs,
            Elapsed = elapsed,
            Metrics = metrics,
            Pictures = pictures,
        });
        Console.WriteLine($"Wrote the report and the model card to {folder.Path}.");
    }
}
