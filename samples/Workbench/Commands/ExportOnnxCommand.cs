using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;
using Workbench.Prediction;

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
        var noSeal = new Option<bool>("--no-seal") { Description = "Only unlocks the model with --key, for --int8: the file has the protection of the model, and is not sealed. Not for sealed models." };
        var int8 = new Option<bool>("--int8") { Description = "Writes weights and feature maps of 8 bits, in a quarter of the size. A protected model needs --key for this." };
        var calibration = new PathOption("--calibration", FileRole.Images) { HelpName = "FILE-OR-DIR", Description = "The images for --int8: some ten to some hundred like those that the model will see, without masks." };
        var output = new PathOption("--out", FileRole.Output) { HelpName = "model.onnx", Description = "The file to write. It never holds the key.", Required = true };

        var command = new DetailedCommand("export-onnx", "Writes a model as an ONNX file, which needs the key as its model does.", """
            The weights are written as they are in the model's file, so no key is needed unless they are sealed. Each keyed
            feature map has an input, permutation_1 to permutation_6, for the permutation that the key gives it.
            In C#, OnnxSegmenter.Load(path, key) needs no such inputs.

            Example:
              permseg export-onnx --model model.zip --out model.onnx

            With --int8 the network runs on the images of --calibration, to find which values its maps have:
              permseg export-onnx --model model.zip --key key.pem --no-seal --int8 --calibration photos --out model.int8.onnx
            """)
        { model, key, noSeal, int8, calibration, probabilities, fixedSize, output, new OverwriteOption() };
        command.Require(key, with: noSeal);
        command.Require(int8, with: noSeal);
        command.Require(calibration, with: int8);
        command.Require(int8, with: calibration);

        command.Does((result, outputs, _) =>
        {
            var (from, to) = (result.GetRequiredValue(model), result.GetRequiredValue(output));
            var images = result.GetValue(int8) ? FindImages(result.GetValue(calibration)!) : null;
            var mlContext = new MLContext().WithWarnings();
            var loaded = mlContext.LoadModelFile(from, out DataViewSchema? _);
            using var disposable = loaded as IDisposable;
            using var secret = result.GetValue(key) is { } keyPath ? Steps.LoadKey(keyPath) : null;
            var options = new OnnxExportOptions { Probabilities = result.GetValue(probabilities), FixedSize = result.GetValue(fixedSize), SealingKey = result.GetValue(noSeal) ? null : secret };
            try
            {
                if (images is not null && secret is null && !mlContext.Segmentation().IsUnlocked(loaded))
                    throw new InvalidDataException($"{key.Name} is needed: '{from}' is protected, and for {int8.Name} it has to run as it does with its key. {noSeal.Name} leaves the file unsealed.");
                if (result.GetValue(noSeal) && mlContext.Segmentation().GetSegmenter(loaded).IsSealed)
                    throw new InvalidDataException($"'{from}' is sealed, and so has to be what is made of it: leave out {noSeal.Name}.");
                // A model that needs no key can be sealed all the same.
                using var unlocked = secret is null || mlContext.Segmentation().IsUnlocked(loaded) ? null : mlContext.Segmentation().Unlock(loaded, secret, verify: true) as IDisposable;
                Calibrated(options, images, () => outputs.Write(to, temporary =>
                {
                    using var stream = File.Create(temporary);
                    mlContext.Segmentation().ExportToOnnx((ITransformer?)unlocked ?? loaded, stream, options);
                }));
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
            {
                throw new InvalidDataException($"'{from}': {exception.Message}", exception);
            }
            Console.WriteLine($"Wrote the model to {to}.");
        });
        return command;
    }

    private static IReadOnlyList<string> FindImages(string path)
    {
        var found = ImagesFound.At(path);
        return found.Problems is [var problem, ..] ? throw new InvalidDataException(problem) : found.Images;
    }

    // What is exported with images tells how many of them it has seen.
    private static void Calibrated(OnnxExportOptions options, IReadOnlyList<string>? images, Action export)
    {
        if (images is null)
        {
            export();
            return;
        }
        CountedWork.Run("images for calibration", images.Count, report =>
        {
            options.Int8 = new OnnxQuantization(Load(images, report));
            export();
        });
    }

    private static IEnumerable<MLImage> Load(IReadOnlyList<string> paths, Action<long> report)
    {
        for (var i = 0; i < paths.Count; i++)
        {
            using var image = ImageFile.Load(paths[i]);
            yield return image;
            report(i + 1);
        }
    }
}
