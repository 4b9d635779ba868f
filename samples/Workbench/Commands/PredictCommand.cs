using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Distribution;
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

        var shard = Shard.Option();
        var goOn = new Option<bool>("--continue") { Description = "Leaves alone what is there of an earlier run, and predicts the other images." };

        var command = new DetailedCommand("predict", "Segments images and writes their masks.", """
            For an image NAME.jpg it writes the mask NAME.png, an indexed PNG in the colors of VOC
            at the image's own size, and overlays/NAME.png, the image with the mask drawn over it. Where
            several images have the same NAME, the files are called NAME.jpg.png, NAME.png.png.
            The masks of one image may go into its folder, but replace nothing there.

            Files that cannot be read are listed on the error stream, all others are predicted, and
            the exit code is 1. Hidden files, whose names begin with a dot, are skipped.

            Example:
              permseg predict --model model.zip --key key.pem --images photos --out masks

            Many images may be predicted in parts, by --shard or by processes that mpirun starts, and a run that was stopped goes on with
            --continue:
              mpirun -np 8 permseg predict --model model.zip --key key.pem --images photos --out masks --continue
            """)
        { model, key, noKey, images, asStored, output, shard, goOn, new OverwriteOption() };
        command.RequireExactlyOneOf(key, noKey);
        var scoring = new ScoringOptions().AddTo(command);

        command.Forbid(goOn, with: command.Options.OfType<OverwriteOption>().Single());
        command.DoesTogether(Job.Option(), (result, outputs, cancellationToken) =>
        {
            var found = ImagesFound.At(result.GetRequiredValue(images));
            var folder = result.GetRequiredValue(output);
            var isContinued = result.GetValue(goOn);
            var files = Job.ShareOf((result.GetValue(shard) ?? Shard.Of(null)).Of(PredictedFile.In(folder, found.Images)));
            var missing = isContinued ? [.. files.Where(file => !file.IsDone)] : files;
            foreach (var path in files.SelectMany(file => (string[])[file.MaskPath, file.OverlayPath]))
                outputs.Add(output.Name, path, isOwn: isContinued);

            var mlContext = new MLContext().WithWarnings();
            var orientation = result.GetValue(asStored) ? ImageOrientation.AsStored : ImageOrientation.Upright;
            var run = new PredictionRun(mlContext, orientation, outputs, isContinued, cancellationToken);
            var problems = Job.Group is { Rank: > 0 } ? [] : found.Problems;
            foreach (var problem in problems)
                PredictionRun.Tell(problem);
            var whole = run.Check(missing);
            if (whole.Count > 0)
            {
                var loaded = mlContext.LoadModel(result.GetRequiredValue(model), result.GetValue(key));
                var segmenter = scoring.Apply(result, mlContext, loaded, otherKeys: false, whole.Select(file => file.ImagePath), orientation).Reading(orientation, mlContext);
                CountedWork.Run("images", whole.Count, report => run.Run(segmenter, whole, report));
            }
            var failed = Job.Sum(missing.Count + problems.Count - run.Written);
            var there = Job.Sum(files.Count - missing.Count);
            var written = Job.Sum(run.Written);
            Console.WriteLine((written == 0 ? "Wrote no masks." : $"Wrote {written} masks to {folder}, and pictures to {Path.Combine(folder, "overlays")}.")
                + (there == 0 ? "" : $" Those of {there} images were there.")
                + (failed == 0 ? "" : failed == 1 ? " One file could not be read; it is listed as 'not predicted'." : $" {failed} files could not be read; they are listed as 'not predicted'."));
            return failed == 0 ? 0 : 1;
        });
        return command;
    }
}
