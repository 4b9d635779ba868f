using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;
using Workbench.Prediction;

namespace Workbench.Commands;

/// <summary><c>predict</c>: writes masks and overlay pictures for images.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var key = CommonOptions.Key("Unlocks the model with this key file; fails when it is not the model's key.");
        var noKey = CommonOptions.NoKey();
        var images = new PathOption("--images", FileRole.Images) { HelpName = "FILE-OR-DIR", Description = "An image, or a folder of them (jpg, jpeg, png).", Required = true };
        var asStored = CommonOptions.AsStored();
        var output = new PathOption("--out", FileRole.OutputFolder) { HelpName = "DIR", Description = "The folder to write to, not that of the images; made when missing.", Required = true };

        var command = new DetailedCommand("predict", "Segments images and writes their masks.", """
            For an image NAME.jpg it writes the mask NAME.png, an indexed PNG in the colors of VOC
            at the image's own size, and overlays/NAME.png, the image with the mask drawn over it. Where
            several images have the same NAME, the files are called NAME.jpg.png, NAME.png.png.
            The masks of one image may go into its folder, but replace nothing there.

            Files that cannot be read are listed on the error stream, all others are predicted, and
            the exit code is 1. Hidden files, whose names begin with a dot, are skipped.

            Example:
              permseg predict --model model.zip --key key.pem --images photos --out masks
            """)
        { model, key, noKey, images, asStored, output, new OverwriteOption() };
        command.RequireExactlyOneOf(key, noKey);
        var scoring = new ScoringOptions().AddTo(command);

        command.Does((result, outputs, cancellationToken) =>
        {
            var found = ImagesFound.At(result.GetRequiredValue(images));
            var folder = result.GetRequiredValue(output);
            var files = PredictedFile.In(folder, found.Images);
            foreach (var path in files.SelectMany(file => (string[])[file.MaskPath, file.OverlayPath]))
                outputs.Add(output.Name, path);

            var mlContext = new MLContext().WithWarnings();
            var orientation = result.GetValue(asStored) ? ImageOrientation.AsStored : ImageOrientation.Upright;
            var run = new PredictionRun(mlContext, orientation, outputs, cancellationToken);
            foreach (var problem in found.Problems)
                PredictionRun.Tell(problem);
            var whole = run.Check(files);
            if (whole.Count > 0)
            {
                var loaded = mlContext.LoadModel(result.GetRequiredValue(model), result.GetValue(key));
                var segmenter = scoring.Apply(result, mlContext, loaded).Reading(orientation, mlContext);
                CountedWork.Run("images", whole.Count, report => run.Run(segmenter, whole, report));
            }
            var failed = files.Count + found.Problems.Count - run.Written;
            Console.WriteLine($"Wrote {run.Written} masks to {folder}, and pictures to {Path.Combine(folder, "overlays")}."
                + (failed == 0 ? "" : $" {failed} files could not be read; they are listed as 'not predicted'."));
            return failed == 0 ? 0 : 1;
        });
        return command;
    }
}
