using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using SkiaSharp;
using Workbench.Prediction;

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
    public static IReadOnlyList<Figure6Row> Draw(
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
        return [.. Pick(testRows).Select(files => DrawRow(quiet, files, quiet.LoadMasks(quiet.Data.LoadFromEnumerable([files]), folder), folder.Orientation, models))];
    }

    // As it comes from its file: locked, and with the log of the given context.
    private static ITransformer LoadInto(MLContext mlContext, ITransformer model, DataViewSchema schema)
    {
        using var file = new MemoryStream();
        mlContext.Model.Save(model, schema, file);
        file.Position = 0;
        return mlContext.Model.Load(file, out _);
    }

    private static IEnumerable<Files> Pick(IDataView rows)
    {
        var images = rows.GetColumn<string>("ImagePath").Zip(rows.GetColumn<string>("MaskPath")).ToList();
        var count = Math.Min(MostImages, images.Count);
        return Enumerable.Range(0, count)
            .Select(i => images[(2 * i + 1) * images.Count / (2 * count)])
            .Select(paths => new Files { ImagePath = paths.First, MaskPath = paths.Second });
    }

    private static Figure6Row DrawRow(MLContext mlContext, Files files, IDataView row, ImageOrientation orientation, IEnumerable<(string Title, ITransformer Model)> models)
    {
        var predictions = models.Select(model => Predict(mlContext, model.Title, model.Model.Transform(row))).ToList();
        var (height, width) = (predictions[0].Mask.Height, predictions[0].Mask.Width);
        return new Figure6Row(Path.GetFileNameWithoutExtension(files.ImagePath),
        [
            new Figure6Cell("Input", Photo(files.ImagePath, orientation, height, width), null),
            new Figure6Cell("Ground truth", Picture(Truth(row).Resize(height, width), height, width), null),
            .. predictions.Select(one => new Figure6Cell(one.Title, Picture(one.Mask.Labels, one.Mask.Height, one.Mask.Width), one.Score)),
        ]);
    }

    private static (string Title, MaskPrediction Mask, double Score) Predict(MLContext mlContext, string title, IDataView scored)
    {
        // The network runs once for the picture and the score.
        var cached = mlContext.Data.Cache(scored);
        return (title, MaskPrediction.Read(cached).Single(), mlContext.Segmentation().Evaluate(cached).MeanImageIntersectionOverUnion);
    }

    private static MaskPrediction Truth(IDataView row)
    {
        var size = row.GetColumn<int[]>("LabelSize").Single();
        return new MaskPrediction(row.GetColumn<byte[]>("Label").Single(), size[0], size[1]);
    }

    private static byte[] Photo(string path, ImageOrientation orientation, int height, int width)
    {
        var (rgba, photoHeight, photoWidth) = ImageFile.ReadRgba(path, orientation);
        using var photo = new SKBitmap(new SKImageInfo(photoWidth, photoHeight, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Marshal.Copy(rgba, 0, photo.GetPixels(), rgba.Length);
        using var resized = photo.Resize(new SKImageInfo(width, height), SKFilterQuality.High);
        return Encode(resized);
    }

    private static byte[] Picture(byte[] labels, int height, int width)
    {
        using var mask = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque)
        {
            Pixels = [.. labels.Select(label => ClassPalette.Voc[MaskLabels.ToClass(label)]).Select(color => new SKColor(color.Red, color.Green, color.Blue))],
        };
        return Encode(mask);
    }

    private static byte[] Encode(SKBitmap bitmap)
    {
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }

    private sealed class Files
    {
        public string ImagePath { get; set; } = "";

        public string MaskPath { get; set; } = "";
    }
}
