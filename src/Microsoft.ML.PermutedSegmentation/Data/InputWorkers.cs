using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Data;

/// <summary>How many threads read and prepare images.</summary>
internal static class InputWorkers
{
    // Beyond that, disks and the thread that consumes are what is waited for.
    private const int Most = 16;

    // More than that was not meant.
    private const int MostGiven = 256;

    /// <summary>The numbers that may be given.</summary>
    public static string Possible => $"from 1 to {MostGiven}";

    /// <summary>Whether a number may be given; null: nobody says how many.</summary>
    public static bool IsPossible(int? workers) => workers is null or (>= 1 and <= MostGiven);

    /// <summary>While a network runs: as many as it leaves cores idle.</summary>
    public static int Beside(Device device) => Clamp(Environment.ProcessorCount - (device.type == DeviceType.CPU ? get_num_threads() : 1));

    /// <summary>While nothing else runs.</summary>
    public static int Alone => Clamp(Environment.ProcessorCount);

    private static int Clamp(int workers) => Math.Clamp(workers, 1, Most);
}
