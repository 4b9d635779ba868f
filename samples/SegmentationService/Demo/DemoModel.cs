using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using QuickStart;
using SegmentationService.Models;

namespace SegmentationService.Demo;

/// <summary>A small model of colored shapes, for a service that was told of none.</summary>
internal sealed class DemoModel
{
    private DemoModel(string folder) => Settings = new ModelSettings(
        Path.Combine(folder, "model.zip"), _ => PermutationKey.Load(Path.Combine(folder, "key.pem")), MaximumBatchSize: 8);

    public ModelSettings Settings { get; }

    /// <summary>The model of an earlier start, or a new one.</summary>
    /// <exception cref="InvalidOperationException">The model is there without its key.</exception>
    public static DemoModel FindOrTrain(string folder)
    {
        string model = Path.Combine(folder, "model.zip"), key = Path.Combine(folder, "key.pem");
        Console.WriteLine("No model is set (Segmentation:ModelPath), so this is a demo: it also answers without the key and with a wrong one.");
        if (File.Exists(model) && !File.Exists(key))
            throw new InvalidOperationException($"'{model}' is there, but not its key '{key}'. Delete the folder, and another model is trained.");
        if (!File.Exists(model))
            Train(folder, model, key);
        Console.WriteLine($"Model: {model} (locked)\nKey:   {key}\nImages to try: {Path.Combine(folder, "shapes", "JPEGImages")}");
        return new DemoModel(folder);
    }

    private static void Train(string folder, string modelPath, string keyPath)
    {
        Directory.CreateDirectory(folder);
        Console.WriteLine("Training a model of colored shapes takes a minute or two.");
        string shapes = Path.Combine(folder, "shapes");
        ShapesDataset.Create(shapes);
        var data = VocFolder.Open(shapes);
        if (!File.Exists(keyPath))
        {
            using var made = PermutationKey.Generate();
            made.Save(keyPath);
        }

        var mlContext = new MLContext(seed: 1);
        using var key = PermutationKey.Load(keyPath);
        var train = data.Load(mlContext, "train");
        var pipeline = mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath")
            .Append(mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", data.ClassNames))
            .Append(mlContext.Segmentation().Trainers.Permuted(key, new PermutedSegmentationTrainer.Options
            {
                // As in QuickStart.
                OutputStride = 8,
                ImageHeight = 64,
                ImageWidth = 64,
                Epochs = 5,
                LearningRate = 0.003,
                Loss = SegmentationLoss.PlainCrossEntropy,
                Augmentation = new Augmentation { MinimumCropArea = 1 },
                Progress = new EpochLines(),
            }));
        ITransformer model = pipeline.Fit(train);
        // Interrupted, it leaves no model that looks whole.
        string partial = modelPath + ".partial";
        mlContext.Model.Save(model, train.Schema, partial);
        File.Move(partial, modelPath, overwrite: true);
        (model as IDisposable)?.Dispose();
    }

    private sealed class EpochLines : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Phase == TrainingPhase.EpochCompleted)
                Console.WriteLine($"epoch {value.Epoch}/{value.EpochCount}, {value.Elapsed.TotalSeconds:F0} s");
        }
    }
}
