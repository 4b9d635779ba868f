using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Commands;

/// <summary><c>predict</c>: writes masks and overlay pictures for images.</summary>
internal static class PredictCommand
{
    private static readonly string[] ImageExtensions = [".jpg", ".jpeg", ".png"];

    public static Command Create()
    {
        var model = CommonOptions.Model();
        var key = CommonOptions.Key("Unlocks the model with this key file; fails when it is not the model's key.");
        var noKey = CommonOptions.NoKey();
        var images = new Option<string>("--images") { HelpName = "FILE-OR-DIR", Description = "An image, or a folder of them (jpg, jpeg, png).", Required = true };
        var output = new Option<string>("--out") { HelpName = "DIR", Description = "The folder to write to; made when missing.", Required = true };

        var command = new DetailedCommand("predict", "Segments images and writes their masks.", """
            For an image NAME.jpg it writes the mask NAME.png, an indexed PNG in the colors of VOC
            at the image's own size, and overlays/NAME.png, the image with the mask laid over it.

            Example:
              workbench predict --model model.zip --key key.pem --images photos --out masks
            """)
        { model, key, noKey, images, output };
        command.RequireExactlyOneOf(key, noKey);

        command.SetAction((result, cancellationToken) =>
        {
            var files = FindImages(result.GetRequiredValue(images));
            // A truncated file would be decoded all the same, its missing part grey.
            files.ForEach(file => ImageFile.CheckWhole(file.ImagePath));
            var mlContext = new MLContext().WithWarnings();
            var segmenter = mlContext.LoadModel(result.GetRequiredValue(model), result.GetValue(key));
            var folder = result.GetRequiredValue(output);

            Directory.CreateDirectory(folder);
            var predictions = MaskPrediction.Read(segmenter.Transform(mlContext.Data.LoadFromEnumerable(files)));
            CountedWork.ForEach("images", files.Count, predictions, cancellationToken, prediction => prediction.Save(folder));
            Console.WriteLine($"Wrote {files.Count} masks to {folder}, and pictures to {Path.Combine(folder, "overlays")}.");
            return Task.CompletedTask;
        });
        return command;
    }

    private static List<ImageRow> FindImages(string path)
    {
        if (File.Exists(path))
            return [new ImageRow { ImagePath = Path.GetFullPath(path) }];
        if (!Directory.Exists(path))
            throw new FileNotFoundException($"There is no image or folder '{path}'.", path);

        var files = Directory.GetFiles(Path.GetFullPath(path))
            .Where(file => ImageExtensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (files.Count == 0)
            throw new FileNotFoundException($"The folder '{path}' has no images ({string.Join(", ", ImageExtensions)}).", path);
        if (files.CountBy(file => Path.GetFileNameWithoutExtension(file)!, StringComparer.OrdinalIgnoreCase).FirstOrDefault(name => name.Value > 1).Key is { } twice)
            throw new InvalidDataException($"Several images in '{path}' are called '{twice}'; their masks would overwrite each other.");
        return [.. files.Select(file => new ImageRow { ImagePath = file })];
    }

    private sealed class ImageRow
    {
        public string ImagePath { get; set; } = "";
    }
}
