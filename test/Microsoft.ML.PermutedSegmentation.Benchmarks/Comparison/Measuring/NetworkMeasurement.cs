using System.Diagnostics;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>
/// The network alone: a batch in memory, of the network's size, to labels. All six feature maps are keyed and it is unlocked, or, as
/// the variant "plain", it is unprotected; as the variant "bfloat16" it computes in that.
/// </summary>
internal static class NetworkMeasurement
{
    public static Dictionary<string, double> Run(Workload workload)
    {
        MLContext mlContext = Materials.Context(workload);
        using PermutationKey key = PermutationKey.Load(workload.KeyFile);
        ITransformer locked = mlContext.Model.Load(workload.ModelFile("zip"), out _);
        using var ownsLocked = locked as IDisposable;
        ITransformer ready = workload.Variant == "plain"
            ? mlContext.Segmentation().Unprotect(locked, key)
            : mlContext.Segmentation().Unlock(locked, key);
        using var ownsReady = ready as IDisposable;
        using PermutedSegmentationTransformer segmenter = mlContext.Segmentation().WithPrecision(
            mlContext.Segmentation().GetSegmenter(ready), workload.Variant == "bfloat16" ? ScoringPrecision.BFloat16 : ScoringPrecision.Single);
        SegmentationModel model = segmenter.Model;
        using var images = new ImageBatch(model, workload.Batch, segmenter.Device);
        foreach (MLImage image in Materials.Noise(workload))
            images.Add(image);
        var scorer = new BatchScorer(model, segmenter.Device);

        for (int i = 0; i < workload.WarmUpRuns; i++)
            scorer.Run(images);
        int runs = Math.Max(1, workload.Images / workload.Batch);
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < runs; i++)
            scorer.Run(images);
        return new() { ["secondsPerImage"] = clock.Elapsed.TotalSeconds / runs / workload.Batch };
    }
}
