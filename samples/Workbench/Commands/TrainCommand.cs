using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>train</c>: trains a model on a data set and saves it.</summary>
internal static class TrainCommand
{
    private const string CheckpointFile = "checkpoint.safetensors";

    public static Command Create()
    {
        var data = new DataOptions();
        var trainList = new Option<string?>("--train-list") { HelpName = "NAME", Description = "The images to train on: a list of the data set. [default: train, and val as --val-list where there is one]" };
        var validationList = new Option<string?>("--val-list") { HelpName = "NAME", Description = "The images that choose the best epoch. Without it, a tenth of the training images is held out." };
        var key = CommonOptions.Key("Protects the model with this key file (see keygen).");
        var unprotected = new Option<bool>("--unprotected") { Description = "Trains a plain model that needs no key, to compare with." };
        var recipe = new RecipeOptions();
        var seed = CommonOptions.Seed();
        var checkpoint = new PathOption("--checkpoint", FileRole.OutputFolder) { HelpName = "DIR", Description = "Keeps the state of the training in this folder after each epoch, and continues from there if it was stopped." };
        var output = CommonOptions.ModelOutput();

        var command = new DetailedCommand("train", "Trains a model on images and masks and saves it.", """
            Example:
              workbench train --data camvid --key key.pem --out model.zip

            Everything else has defaults for some ten to some thousand images on a CPU, and starts from a ResNet-18 that was trained on
            ImageNet. --preset paper is the recipe of the paper, for a GPU.

            With --checkpoint the same command, given again after it was stopped or killed, continues after the last complete epoch and ends
            with the same weights (on the CPU, bit for bit). Other options, data or another key are refused, and so are more
            --epochs, unless --preset paper restarts the learning rate. The files of a protected model are encrypted with its key. Delete
            the folder when the model is finished, or to start over.
            """)
        {
            trainList, validationList, key, unprotected, seed, checkpoint, output, new OverwriteOption(),
        };
        data.AddTo(command);
        recipe.AddTo(command);
        command.RequireExactlyOneOf(key, unprotected);
        command.Forbid(recipe.FeatureMaps, with: unprotected);

        command.Does((result, outputs, cancellationToken) =>
        {
            var checkpointPath = result.GetValue(checkpoint) is { } state ? Path.Combine(state, CheckpointFile) : null;
            if (checkpointPath is not null)
                outputs.Add(checkpoint.Name, checkpointPath, isOwn: true);
            var options = recipe.Read(result);
            using var weights = recipe.LoadInitialWeights(result, options);
            (options.InitialWeights, options.CheckpointPath, options.CancellationToken) = (weights, checkpointPath, cancellationToken);
            using var folder = data.Open(result);
            var training = folder.ListOr(result.GetValue(trainList), folder.TrainingList, trainList.Name);
            // A list that is given says what is wanted; the data's own lists go together.
            var validation = result.GetValue(validationList) ?? (result.GetValue(trainList) is null ? folder.ValidationList : null);
            Console.WriteLine($"Data: {folder.Description}; training on {training}{(validation is null ? "" : $", best epoch by {validation}")}.");
            Run(new MLContext(result.GetValue(seed)).WithWarnings(), folder, training, validation, result.GetValue(key), options, result.GetRequiredValue(output), outputs);
        });
        return command;
    }

    private static void Run(MLContext mlContext, SegmentationData folder, string trainList, string? validationList, string? keyPath,
        PermutedSegmentationTrainer.Options options, string output, Outputs outputs)
    {
        using var key = keyPath is null ? null : Steps.LoadKey(keyPath);
        var rows = folder.Load(mlContext, trainList);
        var images = mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath", folder.Orientation).Fit(rows);
        IDataView Prepare(IDataView list) => mlContext.LoadMasks(images.Transform(list), folder);
        if (validationList is not null)
            options.ValidationSet = Prepare(folder.Load(mlContext, validationList));

        if (options.CheckpointPath is { } checkpoint)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(checkpoint)!);
            OutputFile.Watch(checkpoint + ".partial");
        }
        var segmenter = TrainingDisplay.Show(progress =>
        {
            options.Progress = progress;
            var trainers = mlContext.Segmentation().Trainers;
            var trainer = key is null ? trainers.Fcn(options) : trainers.Permuted(key, options);
            return trainer.Fit(Prepare(rows));
        });

        // Masks are for training only: the saved model goes from an image's path to its prediction.
        outputs.Write(output, path => mlContext.Model.Save(images.Append(segmenter), rows.Schema, path));
        Console.WriteLine($"Wrote the {(key is null ? "unprotected" : "protected")} model to {output}.");
    }
}
