namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>Scoring and training on a GPU, in 32 bits and in bfloat16, against torchvision with eight loader processes and pinned memory.</summary>
internal static class GpuComparison
{
    private const string PerImage = "secondsPerImage", PerStep = "secondsPerStep", Loader = "+loader8";

    public static IEnumerable<ComparisonTable> RunScoring(Bench bench)
    {
        bench.Prepare(bench.Base);
        Workload workload = bench.Base with { Batch = 32, Images = 2048 };
        Workload pipeline = workload with { Kind = "pipeline" }, network = workload with { Kind = "network" };
        string best = bench.BestVariant(network, PerImage, "eager", "channels_last", "jit", "jit+channels_last");
        Measured measured = bench.Run(
        [
            .. Sides("files", pipeline),
            bench.Peer("files, peer, batch 8", pipeline with { Batch = 8, Variant = best + Loader }),
            bench.Peer("files, peer, batch 32", pipeline with { Variant = best + Loader }),
            .. ((int[])[8, 32]).SelectMany(batch => (Subject[])
            [
                .. Sides($"network, batch {batch}", network with { Batch = batch }),
                bench.Peer($"network, batch {batch}, peer", network with { Batch = batch, Variant = best }),
                bench.Peer($"network, batch {batch}, peer, bfloat16", network with { Batch = batch, Variant = "channels_last+bfloat16" }),
            ]),
        ]);

        var table = new ComparisonTable("Scoring", $"FCN-ResNet-50, {workload.Size}x{workload.Size}, {workload.Classes} classes; milliseconds per image. From JPEG files (500x375) to label arrays in memory; or from a batch in memory.");
        foreach (string precision in (string[])["", ", bfloat16"])
        {
            foreach (int batch in (int[])[8, 32])
                table.Add($"JPEG files to labels{precision}", measured[$"files{precision}", PerImage], measured[$"files, peer, batch {batch}", PerImage], $"torchvision, {best}, 8 workers, batch {batch}", scale: 1000);
            foreach (int batch in (int[])[8, 32])
                table.Add($"network, batch {batch}{precision}", measured[$"network, batch {batch}{precision}", PerImage], measured[$"network, batch {batch}, peer{precision}", PerImage], precision == "" ? $"torchvision, {best}" : "torchvision, bfloat16", scale: 1000);
        }
        yield return table;

        Subject[] Sides(string what, Workload of) => [bench.Ours(what, of), bench.Ours($"{what}, bfloat16", of with { Variant = "bfloat16" })];
    }

    public static IEnumerable<ComparisonTable> RunTraining(Bench bench)
    {
        Workload workload = bench.Base with { Kind = "train", Batch = 16, Images = 320, Epochs = 2 };
        bench.Prepare(workload);
        string best = bench.BestVariant(workload with { Epochs = 1 }, PerStep, "eager" + Loader, "channels_last" + Loader);
        Measured measured = bench.Run(
        [
            bench.Ours("ours", workload with { Variant = "keyed" }),
            bench.Ours("ours, mixed", workload with { Variant = "keyed+mixed" }),
            bench.Peer("peer", workload with { Variant = best }),
            bench.Peer("peer, mixed", workload with { Variant = "channels_last+bfloat16" + Loader }),
        ]);

        var table = new ComparisonTable("Training", $"FCN-ResNet-50, {workload.Size}x{workload.Size}, {workload.Classes} classes, batch {workload.Batch}, SGD with momentum and weight decay, random crops and flips of decoded images on both sides; milliseconds per step, the median of {(workload.Images / workload.Batch - 1) * workload.Epochs}.");
        table.Add("step", measured["ours", PerStep], measured["peer", PerStep], $"torchvision, {best}", scale: 1000);
        table.Add("step, mixed precision", measured["ours, mixed", PerStep], measured["peer", PerStep], $"torchvision in 32 bits, {best}", scale: 1000);
        table.Add("step, mixed precision", measured["ours, mixed", PerStep], measured["peer, mixed", PerStep], "torchvision, autocast", scale: 1000);
        yield return table;
    }
}
