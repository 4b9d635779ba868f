using System.Diagnostics;
using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>
/// The network alone: a batch in memory, of the network's size, to labels. All six feature maps are keyed and it is unlocked, or, as
/// the variant "plain", it is unprotected.
/// </summary>
internal static class NetworkMeasurement
{
    public static Dictionary<string, double> Run(Workload workload)
    {
        var mlContext = new MLContext(seed: 1) { GpuDeviceId = -1, FallbackToCpu = true };
        using PermutationKey key = PermutationKey.Load(workload.KeyFile);
        ITransformer locked = mlContext.Model.Load(workload.ModelFile("zip"), out _);
        using var ownsLocked = locked as IDisposable;
        ITransformer ready = workload.Variant == "plain"
            ? mlContext.Segmentation().Unprotect(locked, key)
            : mlContext.Segmentation().Unlock(locked, key);
        using var ownsReady = ready as IDisposable;
        SegmentationModel model = ModelChain.Split(ready).Segmenter.Model;
        using var images = new ImageBatch(model, workload.Batch);
        foreach (MLImage image in Materials.Noise(workload))
            images.Add(image);
        var scorer = new BatchScorer(model, torch.CPU);

        for (int i = 0; i < workload.WarmUpRuns; i++)
            scorer.Run(images);
        int runs = Math.Max(1, workload.Images / workload.Batch);
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < runs; i++)
            scorer.Run(images);
        return new() { ["secondsPerImage"] = clock.Elapsed.TotalSeconds / runs / workload.Batch };
    }
}
