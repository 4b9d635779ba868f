namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>How long a user waits for the first labels in a fresh process.</summary>
internal static class FirstPredictionComparison
{
    public static IEnumerable<ComparisonTable> Run(Bench bench)
    {
        Workload workload = bench.Base with { Kind = "first", Images = 1 };
        bench.Prepare(workload);
        Measured measured = bench.Run(
        [
            bench.Ours("ML.NET", workload),
            bench.Peer("torchvision", workload with { Variant = "eager" }),
            bench.Ours("OnnxSegmenter", workload with { Kind = "onnx-first" }),
        ]);

        var table = new ComparisonTable(
            "First prediction",
            "FCN-ResNet-50, 256x256, 21 classes, in a fresh process; the files have been read before. From the model's file to the labels of a first JPEG file: Load, Unlock and Predict on our side, building the network, loading its weights and running it on torchvision's; then the same from the start of the process.");
        foreach (string ours in (string[])["ML.NET", "OnnxSegmenter"])
        {
            table.Add($"load, unlock, first labels, {ours}, s", measured[ours, "firstSeconds"], measured["torchvision", "firstSeconds"], "torchvision, eager");
            table.Add($"since the process started, {ours}, s", measured[ours, "firstSecondsSinceStart"], measured["torchvision", "firstSecondsSinceStart"], "torchvision, eager");
        }
        yield return table;
    }
}
