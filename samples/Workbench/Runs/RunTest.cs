using Microsoft.ML;
using Microsoft.ML.PermutedSegmentation;
using Workbench.Report;

namespace Workbench.Runs;

/// <summary>Tries a new model on the images of a list.</summary>
internal static class RunTest
{
    private const int ImagesOfAKind = 2;

    /// <summary>The scores, and pictures of the best, the middle and the worst images.</summary>
    /// <param name="mlContext">The model's context.</param>
    /// <param name="model">Reads the column ImagePath.</param>
    /// <param name="data">The data set.</param>
    /// <param name="rows">Of one of its lists.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    public static (SegmentationMetrics Metrics, IReadOnlyList<(string Caption, PictureRow Pictures)> Pictures) Run(
        MLContext mlContext, ITransformer model, SegmentationData data, IDataView rows, CancellationToken cancellationToken)
    {
        var files = LabeledFiles.Of(rows);
        SegmentationMetrics? metrics = null;
        CountedWork.Run("test images", files.Count, report => metrics = mlContext.Segmentation().Evaluate(
            model.Transform(mlContext.LoadMasks(rows, data)), progress: new Reporter<long>(report), cancellationToken: cancellationToken));
        // What there is to warn of in them has been said.
        var quiet = new MLContext { GpuDeviceId = mlContext.GpuDeviceId, FallbackToCpu = mlContext.FallbackToCpu };
        return (metrics!, [.. Pick(metrics!.PerImageIntersectionOverUnion).Select(picked =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = PictureRows.Draw(quiet, files[picked.Index], data, [("Prediction", model)]);
            return ($"{picked.Kind}: {row.ImageName}", row);
        })]);
    }

    // Each image once, however few there are.
    private static IEnumerable<(string Kind, int Index)> Pick(IReadOnlyList<double> scores)
    {
        int[] order = [.. Enumerable.Range(0, scores.Count).Where(image => !double.IsNaN(scores[image])).OrderByDescending(image => scores[image])];
        (string, IEnumerable<int>)[] kinds =
        [
            ("Best", order.Take(ImagesOfAKind)),
            ("Worst", order.TakeLast(ImagesOfAKind)),
            ("Median", order.Skip((order.Length - ImagesOfAKind) / 2).Take(ImagesOfAKind)),
        ];
        var seen = new HashSet<int>();
        var picked = kinds.SelectMany(kind => kind.Item2.Where(seen.Add).Select(image => (Kind: kind.Item1, Index: image))).ToList();
        return picked.OrderBy(one => Array.IndexOf(order, one.Index));
    }
}
