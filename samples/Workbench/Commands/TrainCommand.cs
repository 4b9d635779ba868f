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
        var defaults = new PermutedSegmentationTrainer.Options();
        var data = new DataOptions();
        var trainList = new Option<string?>("--train-list") { HelpName = "NAME", Description = "The images to train on: a list of the data set. [default: train, and val as --val-list where there is one]" };
        var validationList = new Option<string?>("--val-list") { HelpName = "NAME", Description = "The images that choose the best epoch. Without it, a tenth of the training images is held out." };
        var key = CommonOptions.Key("Protects the model with this key file (see keygen).");
        var unprotected = new Option<bool>("--unprotected") { Description = "Trains a plain model that needs no key, to compare with." };
        var featureMaps = CommonOptions.FeatureMaps(standard: "all");
        var network = CommonOptions.Network();
        var backbone = CommonOptions.Backbone("resnet50; mobilenetv3large for lraspp");
        var initialWeights = CommonOptions.InitialWeights("Weights to start from: of an unprotected model, or of torchvision's networks or backbones from PyTorch.");
        var pretrained = new Option<bool>("--pretrained") { Description = "Starts from weights that were trained on ImageNet; there are some for resnet18." };
        var outputStride = CommonOptions.OutputStride();
        var size = CommonOptions.Size(defaults.ImageHeight, defaults.ImageWidth);
        var epochs = CommonOptions.Count("--epochs", "How often every training image is seen.", defaults.Epochs);
        var batchSize = CommonOptions.Count("--batch-size", "Images per step of the optimizer.", defaults.BatchSize);
        var learningRate = CommonOptions.Rate("--learning-rate", "The learning rate at the start of each cosine cycle.", defaults.LearningRate);
        var weightDecay = CommonOptions.Rate("--weight-decay", "The L2 penalty on the weights.", defaults.WeightDecay);
        var seed = CommonOptions.Seed();
        var checkpoint = new PathOption("--checkpoint", FileRole.OutputFolder) { HelpName = "DIR", Description = "Keeps the state of the training in this folder after each epoch, and continues from there if it was stopped." };
        var output = CommonOptions.ModelOutput();

        var command = new DetailedCommand("train", "Trains a model on images and masks and saves it.", """
            Example:
              workbench train --data camvid --train-list train --val-list val --key key.pem
                --backbone resnet18 --size 96x128 --batch-size 16 --epochs 20 --out model.zip

            With --checkpoint the same command, given again after it was stopped or killed, continues after the last complete epoch and ends
            with the same weights (on the CPU, bit for bit). Other options, data or another key are refused; more --epochs are not. The
            files of a protected model are encrypted with its key. Delete the folder when the model is finished, or to start over.
            """)
        {
            trainList, validationList, key, unprotected, featureMaps, network, backbone, initialWeights, pretrained, outputStride, size,
            epochs, batchSize, learningRate, weightDecay, seed, checkpoint, output, new OverwriteOption(),
        };
        data.AddTo(command);
        command.RequireExactlyOneOf(key, unprotected);
        command.Forbid(featureMaps, with: unprotected);
        command.Forbid(initialWeights, with: pretrained);

        command.Does((result, outputs, cancellationToken) =>
        {
            var checkpointPath = result.GetValue(checkpoint) is { } state ? Path.Combine(state, CheckpointFile) : null;
            if (checkpointPath is not null)
                outputs.Add(checkpoint.Name, checkpointPath, isOwn: true);
            var (height, width) = result.GetValue(size) ?? (defaults.ImageHeight, defaults.ImageWidth);
            using var weights = result.GetValue(pretrained) ? PretrainedBackbone.ResNet18()
                : result.GetValue(initialWeights) is { } weightsFile ? Steps.LoadInitialWeights(weightsFile) : null;
            var options = new PermutedSegmentationTrainer.Options
            {
                FeatureMaps = result.GetValue(featureMaps) ?? defaults.FeatureMaps,
                Network = result.GetValue(network),
                Backbone = result.GetValue(backbone),
                InitialWeights = weights,
                OutputStride = result.GetValue(outputStride),
                ImageHeight = height,
                ImageWidth = width,
                Epochs = result.GetValue(epochs),
                BatchSize = result.GetValue(batchSize),
                LearningRate = result.GetValue(learningRate),
                WeightDecay = result.GetValue(weightDecay),
                CheckpointPath = checkpointPath,
                CancellationToken = cancellationToken,
            };
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
