using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using SkiaSharp;
using Workbench.Prediction;

namespace Workbench.Report;

/// <summary>Draws test images, their true masks and what models make of them.</summary>
internal static class PictureRows
{
    // In pixels: a page is full of them.
    private const int LongestSide = 512;

    /// <summary>Draws one image; all its pictures have the size of the first model's mask, unless that is very large.</summary>
    /// <param name="mlContext">The context of the models.</param>
    /// <param name="files">The image and its mask.</param>
    /// <param name="data">Where they are from.</param>
    /// <param name="models">The models and what they are called.</param>
    public static PictureRow Draw(MLContext mlContext, LabeledFiles files, SegmentationData data, IEnumerable<(string Title, ITransformer Model)> models)
    {
        var row = mlContext.LoadMasks(mlContext.Data.LoadFromEnumerable([files]), data);
        var predictions = models.Select(model => Predict(mlContext, model.Title, model.Model.Transform(row))).ToList();
        var (height, width) = Shrink(predictions[0].Mask.Height, predictions[0].Mask.Width);
        return new PictureRow(Path.GetFileNameWithoutExtension(files.ImagePath),
        [
            new PictureCell("Input", Photo(files.ImagePath, data.Orientation, height, width), null),
            new PictureCell("Ground truth", Picture(Truth(row), height, width), null),
            .. predictions.Select(one => new PictureCell(one.Title, Picture(one.Mask, height, width), one.Score)),
        ]);
    }

    private static (int Height, int Width) Shrink(int height, int width)
    {
        var scale = Math.Min(1, LongestSide / (double)Math.Max(height, width));
        return (Math.Max(1, (int)(height * scale)), Math.Max(1, (int)(width * scale)));
    }

    private static (string Title, MaskPrediction Mask, double Score) Predict(MLContext mlContext, string title, IDataView scored)
    {
        // The network runs once for the picture and the score.
        var cached = mlContext.Data.Cache(scored);
        using var masks = new PredictedMasks(cached);
        masks.MoveNext();
        return (title, masks.Current, mlContext.Segmentation().Evaluate(cached).MeanImageIntersectionOverUnion);
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

    private static byte[] Picture(MaskPrediction mask, int height, int width)
    {
        using var picture = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque)
        {
            Pixels = [.. mask.At(height, width).Select(label => ClassPalette.Voc[MaskLabels.ToClass(label)]).Select(color => new SKColor(color.Red, color.Green, color.Blue))],
        };
        return Encode(picture);
    }

    private static byte[] Encode(SKBitmap bitmap)
    {
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }
}
