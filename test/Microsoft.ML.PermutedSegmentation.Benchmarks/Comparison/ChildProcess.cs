using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>Runs one workload in a process of its own, with a fixed number of threads, and reads its numbers.</summary>
internal static class ChildProcess
{
    /// <summary>The variable that tells a child when it was started, in seconds since 1970.</summary>
    public const string StartedAt = "STARTED_AT";

    /// <summary>Our side.</summary>
    public static IReadOnlyDictionary<string, double> Ours(Workload workload)
    {
        string program = Environment.ProcessPath!;
        string[] start = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(ChildProcess).Assembly.Location] : [program];
        return Run([.. start, MeasureCommand.Name, workload.ToJson()], workload);
    }

    /// <summary>PyTorch's side.</summary>
    public static IReadOnlyDictionary<string, double> Peer(string python, Workload workload)
        => Run([python, Path.Combine(AppContext.BaseDirectory, "Comparison", "peer.py"), workload.ToJson()], workload);

    /// <summary>What a program prints.</summary>
    /// <exception cref="InvalidOperationException">It cannot be started or fails.</exception>
    public static string Output(IReadOnlyList<string> command, int threads)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true };
        string count = threads.ToString(CultureInfo.InvariantCulture);
        foreach (string variable in (string[])["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "DOTNET_PROCESSOR_COUNT"])
            start.Environment[variable] = count;
        start.Environment[StartedAt] = DateTime.UtcNow.Subtract(DateTime.UnixEpoch).TotalSeconds.ToString("R", CultureInfo.InvariantCulture);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"'{string.Join(' ', command.Take(3))}' failed with exit code {process.ExitCode}.");
    }

    // Whole seconds: from the start of the process to its end.
    private static Dictionary<string, double> Run(IReadOnlyList<string> command, Workload workload)
    {
        var clock = Stopwatch.StartNew();
        string output = Output(command, workload.Threads);
        double whole = clock.Elapsed.TotalSeconds;
        string last = output.TrimEnd().Split('\n')[^1];
        Dictionary<string, double> numbers = JsonSerializer.Deserialize<Dictionary<string, double>>(last)!;
        numbers["wholeSeconds"] = whole;
        return numbers;
    }
}
