using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Report;

/// <summary>The pictures of the paper's Fig. 6.</summary>
internal static class Figure6
{
    private const int MostImages = 4;

    /// <summary>Draws four test images, spread evenly over the list: input, ground truth and four predictions, all as large as the baseline's.</summary>
    /// <param name="mlContext">The context of the models.</param>
    /// <param name="baseline">A model that needs no key.</param>
    /// <param name="protectedModel">A protected model, locked or not.</param>
    /// <param name="key">Its key.</param>
    /// <param name="testRows">The test images: rows with the paths of image and mask.</param>
    /// <param name="folder">Where they are from.</param>
    public static IReadOnlyList<PictureRow> Draw(
        MLContext mlContext, ITransformer baseline, ITransformer protectedModel, PermutationKey key, IDataView testRows, SegmentationData folder)
    {
        // That a model is locked, or a key wrong, is what the figure is about: nobody needs to be warned.
        var quiet = new MLContext { GpuDeviceId = mlContext.GpuDeviceId, FallbackToCpu = mlContext.FallbackToCpu };
        using var wrongKey = PermutationKey.FromBytes([.. Enumerable.Range(1, PermutationKey.SizeInBytes).Select(i => (byte)i)]);
        var locked = LoadInto(quiet, protectedModel, testRows.Schema);
        using var lockedMemory = locked as IDisposable;
        var correct = quiet.Segmentation().Unlock(locked, key);
        using var correctMemory = correct as IDisposable;
        var incorrect = quiet.Segmentation().Unlock(locked, wrongKey);
        using var incorrectMemory = incorrect as IDisposable;

        (string, ITransformer)[] models = [("Baseline", baseline), ("Correct key", correct), ("No key", locked), ("Incorrect key", incorrect)];
        return [.. Pick(testRows).Select(files => PictureRows.Draw(quiet, files, folder, models))];
    }

    // As it comes from its file: locked, and with the log of the given context.
    private static ITransformer LoadInto(MLContext mlContext, ITransformer model, DataViewSchema schema)
    {
        using var file = new MemoryStream();
        mlContext.Model.Save(model, schema, file);
        file.Position = 0;
        return mlContext.Model.Load(file, out _);
    }

    private static IEnumerable<LabeledFiles> Pick(IDataView rows)
    {
        var images = LabeledFiles.Of(rows);
        var count = Math.Min(MostImages, images.Count);
        return Enumerable.Range(0, count).Select(i => images[(2 * i + 1) * images.Count / (2 * count)]);
    }
}
