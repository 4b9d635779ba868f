namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>What the processor can, and what share of it scoring reaches.</summary>
internal static class CeilingComparison
{
    public static IEnumerable<ComparisonTable> Run(Bench bench)
    {
        Workload network = bench.Base with { Kind = "network", Batch = 8, Images = 24 };
        bench.Prepare(network);
        Measured measured = bench.Run(
        [
            bench.Ours("product", network with { Kind = "ceiling" }),
            bench.Ours("network", network),
            bench.Peer("torchvision", network with { Variant = "channels_last" }),
            bench.Ours("session", network with { Kind = "onnx-bare" }),
        ]);

        double gigaflop = measured["product", "networkGigaflop"].Median;
        Statistic Rate(string subject)
        {
            Statistic seconds = measured[subject, "secondsPerImage"];
            return new Statistic(gigaflop / seconds.Median, gigaflop / seconds.Most, gigaflop / seconds.Least);
        }
        Statistic Share(string subject)
        {
            (Statistic rate, double ceiling) = (Rate(subject), measured["product", "gigaflops"].Median);
            return new Statistic(100 * rate.Median / ceiling, 100 * rate.Least / ceiling, 100 * rate.Most / ceiling);
        }
        var table = new ComparisonTable(
            "The processor's ceiling",
            $"A product of two 4096x4096 matrices of 32-bit floats, the best of five in libtorch. The network has {gigaflop:F1} GFLOP an image (FCN-ResNet-50, 256x256, a multiplication and an addition being two); batch 8. Multiplications that Winograd's convolutions save count as if they were done. Shares are of libtorch's product.");
        table.Add("large product, GFLOP/s", measured["product", "gigaflops"], peer: null, "");
        table.Add("network, libtorch, GFLOP/s", Rate("network"), Rate("torchvision"), "torchvision, channels_last");
        table.Add("network, ONNX Runtime, GFLOP/s", Rate("session"), Rate("torchvision"), "torchvision, channels_last");
        table.Add("share of the ceiling, libtorch, %", Share("network"), Share("torchvision"), "torchvision, channels_last");
        table.Add("share of the ceiling, ONNX Runtime, %", Share("session"), Share("torchvision"), "torchvision, channels_last");
        yield return table;
    }
}
