using System.Diagnostics;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>The unlocked network alone: a batch in memory, of the network's size, to labels.</summary>
internal static class NetworkMeasurement
{
    public static Dictionary<string, double> Run(Workload workload)
    {
        var mlContext = new MLContext(seed: 1) { GpuDeviceId = -1, FallbackToCpu = true };
        using PermutationKey key = PermutationKey.Load(workload.KeyFile);
        using var locked = (IDisposable)mlContext.Model.Load(workload.ModelFile("zip"), out _);
        using var unlocked = (IDisposable)mlContext.Segmentation().Unlock((ITransformer)locked, key);
        SegmentationModel model = ModelChain.Split((ITransformer)unlocked).Segmenter.Model;
        using var scorer = new BatchScorer(model, torch.CPU, withProbabilities: false, workload.Batch);
        foreach (Data.MLImage image in Materials.Noise(workload))
            scorer.Add(image);

        for (int i = 0; i < 2; i++)
            scorer.Run();
        int runs = Math.Max(1, workload.Images / workload.Batch);
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < runs; i++)
            scorer.Run();
        return new() { ["secondsPerImage"] = clock.Elapsed.TotalSeconds / runs / workload.Batch };
    }
}
