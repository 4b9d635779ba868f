using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench.Commands;

/// <summary><c>export-onnx</c>: writes a model for ONNX runtimes.</summary>
internal static class ExportOnnxCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var probabilities = new Option<bool>("--probabilities") { Description = "Gives the graph a second output, the probability of each class at each pixel." };
        var fixedSize = new Option<bool>("--fixed-size") { Description = "Takes images of the model's size only, for runtimes that cannot resize with antialiasing." };
        var key = CommonOptions.Key("Seals the ONNX file with this key: the model's own, if it has one. A sealed model needs it.");
        var output = new PathOption("--out", FileRole.Output) { HelpName = "model.onnx", Description = "The file to write. It never holds the key.", Required = true };

        var command = new DetailedCommand("export-onnx", "Writes a model as an ONNX file, which needs the key as its model does.", """
            The weights are written as they are in the model's file, so no key is needed unless they are sealed. Each keyed
            feature map has an input, permutation_1 to permutation_6, for the permutation that the key gives it.
            In C#, OnnxSegmenter.Load(path, key) needs no such inputs.

            Example:
              permseg export-onnx --model model.zip --out model.onnx
            """)
        { model, key, probabilities, fixedSize, output, new OverwriteOption() };

        command.Does((result, outputs, _) =>
        {
            var (from, to) = (result.GetRequiredValue(model), result.GetRequiredValue(output));
            var mlContext = new MLContext().WithWarnings();
            var loaded = mlContext.LoadModelFile(from, out DataViewSchema? _);
            using var disposable = loaded as IDisposable;
            using var secret = result.GetValue(key) is { } keyPath ? Steps.LoadKey(keyPath) : null;
            var options = new OnnxExportOptions { Probabilities = result.GetValue(probabilities), FixedSize = result.GetValue(fixedSize), SealingKey = secret };
            try
            {
                // A model that needs no key can be sealed all the same.
                using var unlocked = secret is null || mlContext.Segmentation().IsUnlocked(loaded) ? null : mlContext.Segmentation().Unlock(loaded, secret, verify: true) as IDisposable;
                outputs.Write(to, temporary =>
                {
                    using var stream = File.Create(temporary);
                    mlContext.Segmentation().ExportToOnnx((ITransformer?)unlocked ?? loaded, stream, options);
                });
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
            {
                throw new InvalidDataException($"'{from}': {exception.Message}", exception);
            }
            Console.WriteLine($"Wrote the model to {to}.");
        });
        return command;
    }
}
