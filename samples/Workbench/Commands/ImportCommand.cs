using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>import</c>: makes a model of weights from PyTorch.</summary>
internal static class ImportCommand
{
    private const int Side = 256;

    public static Command Create()
    {
        var weights = new PathOption("--weights", FileRole.Input) { HelpName = "x.safetensors|x.pth", Description = "The state dict of one of torchvision's networks, such as fcn_resnet50.", Required = true };
        var backbone = CommonOptions.ExpectedBackbone();
        var outputStride = CommonOptions.OutputStride("8; 16 for mobilenetv3large");
        var size = CommonOptions.Size($"{Side}x{Side}");
        var classes = new PathOption("--classes", FileRole.Input) { HelpName = "classes.txt", Description = "The names of the classes in their order, one per line. [default: VOC's 21]" };
        var output = new PathOption("--out", FileRole.Output) { HelpName = "model.zip", Description = "The model file to write. It is not protected.", Required = true };

        var command = new DetailedCommand("import", "Makes a model from weights that were trained in PyTorch.", """
            For fcn_resnet50, fcn_resnet101, deeplabv3_resnet50, deeplabv3_resnet101 and lraspp_mobilenet_v3_large the default
            output stride is the right one. Weights of a backbone alone are not yet a model: train from them with
            train --initial-weights.

            In Python:
              safetensors.torch.save_file(fcn_resnet50(...).state_dict(), "fcn.safetensors")
            Example:
              permseg import --weights fcn.safetensors --size 256x256 --out model.zip
            """)
        { weights, backbone, outputStride, size, classes, output, new OverwriteOption() };

        command.Does((result, outputs, _) =>
        {
            var (height, width) = result.GetValue(size) ?? (Side, Side);
            var file = result.GetValue(classes);
            var classNames = file is not null ? VocFolder.ReadClassNames(file) : VocFolder.VocClassNames;
            var path = result.GetRequiredValue(weights);
            using var imported = SegmentationWeights.Load(path);
            if (result.GetValue(backbone) is { } expected && expected != imported.Backbone)
                throw new InvalidDataException($"'{path}' holds the weights of {imported.Backbone}, not of {expected}.");
            if (imported.ClassCount is { } count && count != classNames.Count)
                throw new InvalidDataException($"'{path}' tells {count} classes apart, but {(file is null ? "VOC has" : $"'{file}' names")} {classNames.Count}. {classes.Name} needs a file with {count} names, one per line.");

            var mlContext = new MLContext().WithWarnings();
            using var segmenter = mlContext.Segmentation().CreateModel(imported, classNames, height, width, result.GetValue(outputStride));
            var rows = mlContext.Data.LoadFromEnumerable<ImageRow>([]);
            var images = mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath").Fit(rows);
            outputs.Write(result.GetRequiredValue(output), temporary => mlContext.Model.Save(images.Append(segmenter), rows.Schema, temporary));
            Console.WriteLine($"Wrote the unprotected model, {imported.Network} of {imported.Backbone} with {(file is null ? "VOC's " : "")}{classNames.Count} classes, to {result.GetRequiredValue(output)}.");
        });
        return command;
    }

    private sealed class ImageRow
    {
        public string ImagePath { get; set; } = "";
    }
}
