using System.Diagnostics;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>The most that this processor computes: a large product of 32-bit floats in libtorch, the best of several.</summary>
internal static class CeilingMeasurement
{
    private const int Side = 4096, Runs = 5;

    public static Dictionary<string, double> Run(Workload workload)
    {
        using var scope = torch.NewDisposeScope();
        using var inference = torch.inference_mode();
        torch.Tensor a = torch.rand(Side, Side), b = torch.rand(Side, Side), product = torch.mm(a, b);
        double best = double.PositiveInfinity;
        for (int i = 0; i < Runs; i++)
        {
            var clock = Stopwatch.StartNew();
            torch.mm(a, b).Dispose();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }
        return new()
        {
            ["gigaflops"] = 2 * Math.Pow(Side, 3) / best / 1e9,
            ["networkGigaflop"] = 2 * Arithmetic.Multiplications(NetworkLayout.For(SegmentationNetwork.Fcn, workload.Backbone, workload.OutputStride, workload.Classes), workload.Size) / 1e9,
        };
    }
}
