namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>Scoring: whole pipelines and networks alone, with libtorch and with ONNX Runtime.</summary>
internal static class ScoringComparison
{
    private const string Seconds = "secondsPerImage", Whole = "wholeSeconds";

    public static IEnumerable<ComparisonTable> Run(Bench bench)
    {
        bench.Prepare(bench.Base);
        yield return Run(bench, bench.Base with { Batch = 1, Images = 10 });
        yield return Run(bench, bench.Base with { Batch = 8, Images = 24 });
    }

    private static ComparisonTable Run(Bench bench, Workload workload)
    {
        Workload pipeline = workload with { Kind = "pipeline" }, network = workload with { Kind = "network" };
        string best = bench.BestVariant(network, Seconds, "eager", "channels_last", "jit", "jit+channels_last");
        // What takes long to start may still win where only few images are scored; the next image may be read ahead where there are several.
        string[] ways = workload.Batch == 1
            ? [.. new[] { best, "eager", "channels_last" }.Distinct()]
            : [.. new[] { best, $"{best}+read_ahead", "channels_last+read_ahead" }.Distinct()];
        string labels(string side) => Path.Combine(workload.Folder, $"{side}.labels");
        Measured measured = bench.Run(
        [
            bench.Ours("ML.NET", pipeline with { LabelsFile = labels("ours") }),
            .. ways.Select(way => bench.Peer(way, pipeline with { Variant = way, LabelsFile = labels("peer") })),
            bench.Ours("OnnxSegmenter", workload with { Kind = "onnx-pipeline", LabelsFile = labels("onnx") }),
            bench.Ours("our network", network),
            bench.Ours("unprotected", network with { Variant = "plain" }),
            bench.Peer("torchvision's network", network with { Variant = best }),
            bench.Ours("OnnxSegmenter's network", workload with { Kind = "onnx-network" }),
            bench.Ours("ONNX Runtime's session", workload with { Kind = "onnx-bare" }),
            .. ProcessorNumbers.HasBFloat16
                ? [bench.Ours("ML.NET, bfloat16", pipeline with { Variant = "bfloat16" }), bench.Ours("our network, bfloat16", network with { Variant = "bfloat16" })]
                : Array.Empty<Subject>(),
        ]);

        string steady = ways.MinBy(way => measured[way, Seconds].Median)!, quick = ways.MinBy(way => measured[way, Whole].Median)!;
        Statistic torchvision = measured[steady, Seconds], session = measured["ONNX Runtime's session", Seconds];
        var table = new ComparisonTable(
            $"Scoring, batch {workload.Batch}",
            $"FCN-ResNet-50, {workload.Size}x{workload.Size}, {workload.Classes} classes; seconds per image, unless it says otherwise. From JPEG files (500x375) to label arrays in memory on all sides. Where the first image's labels agree with torchvision's: ML.NET {Agreement(labels("ours"), labels("peer")):P2}, OnnxSegmenter {Agreement(labels("onnx"), labels("peer")):P2}.");
        table.Add("JPEG files to labels, ML.NET pipeline", measured["ML.NET", Seconds], torchvision, $"torchvision, {steady}");
        table.Add("JPEG files to labels, OnnxSegmenter", measured["OnnxSegmenter", Seconds], torchvision, $"torchvision, {steady}");
        table.Add("network alone to labels, libtorch", measured["our network", Seconds], measured["torchvision's network", Seconds], $"torchvision, {best}");
        table.Add("network alone to labels, OnnxSegmenter", measured["OnnxSegmenter's network", Seconds], measured["torchvision's network", Seconds], $"torchvision, {best}");
        table.Add("network alone to labels, libtorch", measured["our network", Seconds], session, "ONNX Runtime's bare session, to scores");
        table.Add("network alone to labels, OnnxSegmenter", measured["OnnxSegmenter's network", Seconds], session, "ONNX Runtime's bare session, to scores");
        table.Add("network alone to labels, libtorch, unlocked", measured["our network", Seconds], measured["unprotected", Seconds], "ours, unprotected");
        if (ProcessorNumbers.HasBFloat16)
        {
            table.Add("JPEG files to labels, ML.NET pipeline, bfloat16", measured["ML.NET, bfloat16", Seconds], measured["ML.NET", Seconds], "ours, 32 bits");
            table.Add("network alone to labels, libtorch, bfloat16", measured["our network, bfloat16", Seconds], measured["our network", Seconds], "ours, 32 bits");
        }
        int images = workload.Images + workload.WarmUpRuns * workload.Batch;
        table.Add($"whole process, {images} images, ML.NET pipeline, s", measured["ML.NET", Whole], measured[quick, Whole], $"torchvision, {quick}");
        table.Add($"whole process, {images} images, OnnxSegmenter, s", measured["OnnxSegmenter", Whole], measured[quick, Whole], $"torchvision, {quick}");
        return table;
    }

    private static double Agreement(string file, string other) => File.ReadAllBytes(file).Zip(File.ReadAllBytes(other)).Average(pair => pair.First == pair.Second ? 1.0 : 0);
}
