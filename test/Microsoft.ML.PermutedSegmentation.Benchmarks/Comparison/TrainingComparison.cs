namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>Training: time per step and memory, with a key, without one, and torchvision's.</summary>
internal static class TrainingComparison
{
    public static IEnumerable<ComparisonTable> Run(Bench bench)
    {
        Workload workload = bench.Base with { Kind = "train", Batch = 4, Images = 24, Epochs = 3 };
        bench.Prepare(workload);
        string best = bench.BestVariant(workload with { Epochs = 1 }, "secondsPerStep", "eager", "channels_last", "eager+loader1", "channels_last+loader1");
        Measured measured = bench.Run(
        [
            bench.Ours("keyed", workload with { Variant = "keyed" }),
            bench.Peer("torchvision", workload with { Variant = best }),
            bench.Ours("unprotected", workload),
        ]);

        var table = new ComparisonTable(
            "Training",
            $"FCN-ResNet-50, {workload.Size}x{workload.Size}, {workload.Classes} classes, batch {workload.Batch}, SGD with momentum and weight decay, cross entropy, random crops and flips of decoded images on both sides. A step is the median of {(workload.Images / workload.Batch - 1) * workload.Epochs}. Memory in MB, of the whole process.");
        Statistic Of(string subject, string number) => measured[subject, number];
        string peer = $"torchvision, {best}";
        table.Add("step, s", Of("keyed", "secondsPerStep"), Of("torchvision", "secondsPerStep"), peer);
        table.Add("step, s", Of("keyed", "secondsPerStep"), Of("unprotected", "secondsPerStep"), "ours, unprotected");
        table.Add($"whole process, {workload.Epochs} epochs of {workload.Images} images, s", Of("keyed", "wholeSeconds"), Of("torchvision", "wholeSeconds"), peer);
        table.Add("peak memory", Of("keyed", "peakMegabytes"), Of("torchvision", "peakMegabytes"), peer);
        table.Add("peak memory", Of("keyed", "peakMegabytes"), Of("unprotected", "peakMegabytes"), "ours, unprotected");
        for (int epoch = 1; epoch <= workload.Epochs; epoch++)
            table.Add($"resident after epoch {epoch}", Of("keyed", $"residentAfterEpoch{epoch}"), Of("torchvision", $"residentAfterEpoch{epoch}"), peer);
        yield return table;
    }
}
