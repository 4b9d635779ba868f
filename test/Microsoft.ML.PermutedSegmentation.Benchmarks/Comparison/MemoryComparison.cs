namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>Whether memory stays flat while many images are scored.</summary>
internal static class MemoryComparison
{
    public static IEnumerable<ComparisonTable> Run(Bench bench)
    {
        yield return Run(bench, bench.Base with { Kind = "stream", Batch = 8, Backbone = Backbone.ResNet18, Size = 64, Images = 10_000 }, early: 500);
        yield return Run(bench, bench.Base with { Kind = "stream", Batch = 8, Images = 240 }, early: 24);
    }

    private static ComparisonTable Run(Bench bench, Workload workload, int early)
    {
        bench.Prepare(workload);
        string[] sides = ProcessorNumbers.HasBFloat16 ? ["ML.NET", "ML.NET, bfloat16", "OnnxSegmenter"] : ["ML.NET", "OnnxSegmenter"];
        Measured measured = bench.Run(
        [
            bench.Peer("torchvision", workload with { Variant = "channels_last+read_ahead" }),
            .. sides.Select(side => bench.Ours(side, side switch
            {
                "OnnxSegmenter" => workload with { Kind = "onnx-stream" },
                "ML.NET" => workload,
                _ => workload with { Variant = "bfloat16" },
            })),
        ], roundCount: 1);

        var table = new ComparisonTable(
            $"Memory, {workload.Images} images, {workload.Backbone}",
            $"{workload.Size}x{workload.Size}, batch {workload.Batch}, one round. Resident memory of the whole process in MB.");
        foreach (string ours in sides)
        {
            foreach (int done in (int[])[early, workload.Images / 2, workload.Images])
                table.Add($"after image {done}, {ours}", measured[ours, $"residentAfter{done}"], measured["torchvision", $"residentAfter{done}"], "torchvision");
            table.Add($"peak, {ours}", measured[ours, "peakMegabytes"], measured["torchvision", "peakMegabytes"], "torchvision");
            table.Add($"time per image, {ours}, ms", measured[ours, "secondsPerImage"], measured["torchvision", "secondsPerImage"], "torchvision", 1000);
        }
        return table;
    }
}
