using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Distribution;
using Workbench.Files;
using Workbench.Runs;

namespace Workbench.Commands;

/// <summary><c>train</c>: trains a model on a data set and saves it.</summary>
internal static class TrainCommand
{
    private const string CheckpointFile = "checkpoint.safetensors";

    public static Command Create()
    {
        var dataOptions = new DataOptions();
        var trainList = new Option<string?>("--train-list") { HelpName = "NAME", Description = "The images to train on: a list of the data set. [default: train, and val as --val-list where there is one]" };
        var validationList = new Option<string?>("--val-list") { HelpName = "NAME", Description = "The images that choose the best epoch. Without it, a tenth of the training images is held out." };
        var key = CommonOptions.Key("Protects the model with this key file (see keygen).");
        var unprotected = new Option<bool>("--unprotected") { Description = "Trains a plain model that needs no key, to compare with." };
        var recipe = new RecipeOptions();
        var seed = CommonOptions.Seed();
        var checkpoint = new PathOption("--checkpoint", FileRole.OutputFolder) { HelpName = "DIR", Description = "Keeps the state of the training in this folder after each epoch, and continues from there if it was stopped." };
        var output = CommonOptions.ModelOutput();
        var runFolder = new PathOption("--run-dir", FileRole.OutputFolder) { HelpName = "DIR", Description = "Leaves the options, the epochs as CSV and for TensorBoard, a report and a model card in this folder." };
        var testList = new Option<string?>("--test-list") { HelpName = "NAME", Description = "The images that the model of --run-dir is tried on. [default: those that choose the best epoch]" };

        var workers = CommonOptions.Workers("the model does not depend on it");

        var command = new DetailedCommand("train", "Trains a model on images and masks and saves it.", """
            Example:
              permseg train --data camvid --key key.pem --out model.zip

            Everything else has defaults for some ten to some thousand images on a CPU, and starts from a ResNet-18 that was trained on
            ImageNet. --preset paper is the recipe of the paper, for a GPU.

            With --checkpoint the same command, given again after it was stopped or killed, continues after the last complete epoch and ends
            with the same weights (on the CPU, bit for bit). Other options, data or another key are refused, and so are more
            --epochs, unless --preset paper restarts the learning rate. The files of a protected model are encrypted with its key. Delete
            the folder when the model is finished, or to start over.

            Several processes, on one machine or many, train one model together:
              mpirun -np 4 permseg train --data camvid --key key.pem --out model.zip
            Each has its share of the images of a batch. Only the first one reads the key and writes files.
            """)
        {
            trainList, validationList, key, unprotected, seed, checkpoint, output, runFolder, testList, workers, new OverwriteOption(),
        };
        dataOptions.AddTo(command);
        recipe.AddTo(command);
        command.RequireExactlyOneOf(key, unprotected);
        command.Forbid(recipe.FeatureMaps, with: unprotected);
        command.Forbid(recipe.Seal, with: unprotected);
        command.Require(runFolder, with: testList);

        command.DoesTogether(Job.Option(), (result, outputs, cancellationToken) =>
        {
            var checkpointPath = result.GetValue(checkpoint) is { } state ? Path.Combine(state, CheckpointFile) : null;
            if (checkpointPath is not null)
                outputs.Add(checkpoint.Name, checkpointPath, isOwn: true);
            var options = recipe.Read(result);
            var run = result.GetValue(runFolder) is { } path ? RunFolder.Open(path, options, File.Exists(checkpointPath), runFolder.Name, outputs) : null;
            using var weights = recipe.LoadInitialWeights(result, options);
            (options.InitialWeights, options.CheckpointPath, options.CancellationToken, options.InputWorkers) = (weights, checkpointPath, cancellationToken, result.GetValue(workers));
            using var data = dataOptions.Open(result);
            options.ProcessGroup = Job.Group;
            var (training, validation) = ListsOf(result, data);
            Printable.WriteLine($"Data: {data.Description}; training on {training}{(validation is null ? "" : $", best epoch by {validation}")}.");
            new TrainingRun(new MLContext(result.GetValue(seed)).WithWarnings(), data, training, validation, options, outputs)
            {
                Seed = result.GetValue(seed),
                InitialWeights = recipe.Describe(result, weights),
                Folder = run,
                TestList = result.GetValue(testList) ?? validation,
            }.Make(result.GetValue(key), result.GetRequiredValue(output));
        }, (result, cancellationToken) =>
        {
            var options = recipe.Read(result);
            using var weights = recipe.LoadInitialWeights(result, options);
            (options.InitialWeights, options.ProcessGroup, options.CancellationToken, options.InputWorkers) = (weights, Job.Group, cancellationToken, result.GetValue(workers));
            using var data = dataOptions.Open(result);
            var (training, validation) = ListsOf(result, data);
            var run = new TrainingRun(new MLContext(result.GetValue(seed)), data, training, validation, options, new Outputs()) { InitialWeights = "" };
            run.Share();
        });
        return command;

        // A list that is given says what is wanted; the data's own lists go together.
        (string Training, string? Validation) ListsOf(ParseResult result, SegmentationData data) => (
            data.ListOr(result.GetValue(trainList), data.TrainingList, trainList.Name),
            result.GetValue(validationList) ?? (result.GetValue(trainList) is null ? data.ValidationList : null));
    }
}
