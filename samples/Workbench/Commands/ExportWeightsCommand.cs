using System.CommandLine;
using Microsoft.ML;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>export-weights</c>: writes the weights of a model for PyTorch.</summary>
internal static class ExportWeightsCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var key = CommonOptions.Key("Unlocks the model with this key file first. Without it the weights are written as they are in the model's file.");
        var output = new PathOption("--out", FileRole.Output) { HelpName = "x.safetensors", Description = "The file to write.", Required = true };

        var command = new DetailedCommand("export-weights", "Writes the weights of a model as a safetensors file for PyTorch.", """
            In Python:
              model = fcn_resnet50(weights=None, weights_backbone=None, num_classes=21)
              model.load_state_dict(safetensors.torch.load_file("fcn.safetensors"))
            Example:
              permseg export-weights --model model.zip --key key.pem --out fcn.safetensors
            """)
        { model, key, output, new OverwriteOption() };

        command.Does((result, outputs, _) =>
        {
            var keyPath = result.GetValue(key);
            using var weights = new MLContext().WithWarnings().LoadWeights(result.GetRequiredValue(model), keyPath);
            var path = result.GetRequiredValue(output);
            outputs.Write(path, weights.Save);
            Console.WriteLine(weights.IsLocked ? $"Wrote the protected weights, as they are stored, to {path}: without the model's key they are worth nothing."
                : keyPath is null ? $"Wrote the weights of the unprotected model to {path}."
                : $"Wrote the plain weights to {path}: anyone with this file needs no key.");
        });
        return command;
    }
}
