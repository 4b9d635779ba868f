using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>How many threads read and prepare images where nobody says how many.</summary>
internal static class InputWorkers
{
    // Beyond that, disks and the thread that consumes are what is waited for.
    private const int Most = 16;

    /// <summary>While a network runs: as many as it leaves cores idle.</summary>
    public static int Beside(Device device) => Clamp(Environment.ProcessorCount - (device.type == DeviceType.CPU ? get_num_threads() : 1));

    /// <summary>While nothing else runs.</summary>
    public static int Alone => Clamp(Environment.ProcessorCount);

    private static int Clamp(int workers) => Math.Clamp(workers, 1, Most);
}
