using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Files;

namespace Workbench.Prediction;

/// <summary>Predicts file by file: one that cannot be read is told, and the others go on.</summary>
/// <param name="mlContext">Where views are made.</param>
/// <param name="orientation">How images are read.</param>
/// <param name="outputs">What may be written.</param>
/// <param name="isContinued">Whether files that are there are left alone.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class PredictionRun(MLContext mlContext, ImageOrientation orientation, Outputs outputs, bool isContinued, CancellationToken cancellationToken)
{
    /// <summary>How many masks have been written.</summary>
    public int Written { get; private set; }

    /// <summary>The files that are whole images, as far as their headers and checksums tell; the others are told.</summary>
    public IReadOnlyList<PredictedFile> Check(IReadOnlyList<PredictedFile> files) => [.. files.Where(file =>
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Decoders take a truncated file, its missing part grey.
        return IsReadable(file, () => ImageFile.CheckWhole(file.ImagePath, orientation));
    })];

    /// <summary>Writes the masks and the pictures.</summary>
    /// <param name="model">Reads the column ImagePath.</param>
    /// <param name="files">The images.</param>
    /// <param name="report">Is told how many of them are done.</param>
    public void Run(ITransformer model, IReadOnlyList<PredictedFile> files, Action<long> report)
    {
        var done = 0;
        // Files are written while the network goes on; one mask waits at most, since it may be very large.
        var saving = Task.CompletedTask;
        try
        {
            while (done < files.Count)
            {
                // Rows come up to the first that cannot be read: the next view begins behind it.
                var rows = mlContext.Data.LoadFromEnumerable(files.Skip(done).Select(file => new ImageRow { ImagePath = file.ImagePath }).ToList());
                using var predictions = new PredictedMasks(model.Transform(rows));
                for (var goesOn = true; goesOn && done < files.Count; report(++done))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var file = files[done];
                    goesOn = IsReadable(file, () => predictions.MoveNext());
                    saving.GetAwaiter().GetResult();
                    if (!goesOn)
                        continue;
                    var mask = predictions.Current;
                    saving = Task.Run(() => Save(mask, file), CancellationToken.None);
                }
            }
            saving.GetAwaiter().GetResult();
        }
        finally
        {
            // Nothing is left half-written; an exception on the way here stays the one that is seen.
            Task.WaitAny(saving);
        }
    }

    /// <summary>Tells why there is no mask of a file.</summary>
    public static void Tell(string problem) => Printable.WriteError($"not predicted: {problem}");

    // What is there already is of an earlier run that was stopped between the two.
    private void Save(MaskPrediction mask, PredictedFile file)
    {
        Picture? picture = null;
        if (!IsReadable(file, () => picture = Picture.Read(file.ImagePath, orientation)))
            return;
        var labels = mask.At(picture!.Height, picture.Width);
        if (!isContinued || !File.Exists(file.MaskPath))
            outputs.Write(file.MaskPath, path => MaskFile.Save(path, labels, picture.Height, picture.Width));
        if (!isContinued || !File.Exists(file.OverlayPath))
        {
            picture.Overlay(labels);
            outputs.Write(file.OverlayPath, picture.Save);
        }
        Written++;
    }

    // What is wrong with a file is its own matter; any other exception would come for all files.
    private static bool IsReadable(PredictedFile file, Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Tell(exception.Message.Contains(file.ImagePath, StringComparison.Ordinal) ? exception.Message : $"'{file.ImagePath}': {exception.Message}");
            return false;
        }
    }

    private sealed class ImageRow
    {
        public string ImagePath { get; set; } = "";
    }
}
