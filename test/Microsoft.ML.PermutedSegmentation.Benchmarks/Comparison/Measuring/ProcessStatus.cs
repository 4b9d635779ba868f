using System.Globalization;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

/// <summary>What Linux tells about this process.</summary>
internal static class ProcessStatus
{
    /// <summary>Resident memory now, in MB (10^6 bytes).</summary>
    public static double ResidentMegabytes => Read("VmRSS");

    /// <summary>The most resident memory so far, in MB.</summary>
    public static double PeakMegabytes => Read("VmHWM");

    /// <summary>Since the process was started, in seconds; the one that started it has noted when.</summary>
    public static double SecondsSinceStart => DateTime.UtcNow.Subtract(DateTime.UnixEpoch).TotalSeconds
        - double.Parse(Environment.GetEnvironmentVariable(ChildProcess.StartedAt)!, CultureInfo.InvariantCulture);

    private static double Read(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}
