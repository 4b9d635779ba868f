using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Distribution;

using Command = System.CommandLine.Command;

/// <summary><c>distributed</c>: trains a ResNet-18 with one process and with several, each with one thread, through mpirun.</summary>
internal static class DistributedCommand
{
    public static Command Create()
    {
        var images = new Option<int>("--images") { HelpName = "N", Description = "How many images an epoch has.", DefaultValueFactory = _ => 48 };
        var batch = new Option<int>("--batch") { HelpName = "N", Description = "How many images make a step, on all processes together.", DefaultValueFactory = _ => 8 };
        var ranks = new Option<string>("--ranks") { HelpName = "N,N", Description = "Numbers of processes.", DefaultValueFactory = _ => "1,2" };
        var rounds = new Option<int>("--rounds") { HelpName = "N", Description = "How often each is measured, in turn.", DefaultValueFactory = _ => 2 };
        var command = new Command("distributed", "Measures a training by several processes with one thread each, as mpirun starts them.") { images, batch, ranks, rounds };
        command.SetAction(result => Run(
            result.GetValue(images), result.GetValue(batch),
            [.. result.GetValue(ranks)!.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))], result.GetValue(rounds)));
        return command;
    }

    private static void Run(int images, int batch, int[] ranks, int rounds)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine($"FCN-ResNet-18, {DistributedRank.Size}x{DistributedRank.Size}, {images} images an epoch, batches of {batch}; {Processor.Description}");
        Console.WriteLine("| round | processes | batch norm | step, s | epoch, s | model, MB | resident, MB | |");
        Console.WriteLine("|---|---|---|---:|---:|---:|---:|---|");
        for (int round = 1; round <= rounds; round++)
        {
            foreach (int count in ranks)
            {
                foreach (bool synchronize in count == 1 ? (bool[])[false] : [true, false])
                    Print(round, count, synchronize, Measure(images, batch, count, synchronize));
            }
        }
    }

    private static void Print(int round, int count, bool synchronize, string measured)
    {
        string[] parts = measured.Split('|'), numbers = parts[0].Split(' ');
        Console.WriteLine($"| {round} | {count} | {(synchronize ? "of all" : "own")} | {double.Parse(numbers[0]):F3} | {double.Parse(numbers[1]):F2} | {double.Parse(numbers[2]):F1} | {numbers[3]} | {parts[1]} |");
    }

    private static string Measure(int images, int batch, int count, bool synchronize)
    {
        var start = new ProcessStartInfo("mpirun",
        [
            "--allow-run-as-root", "--oversubscribe", "-np", $"{count}", "-x", "OMP_NUM_THREADS=1",
            "dotnet", Path.Combine(AppContext.BaseDirectory, "benchmarks.dll"), DistributedRank.Name, $"{images}", $"{batch}", $"{synchronize}",
        ])
        {
            RedirectStandardOutput = true,
            Environment = { ["TERM"] = "dumb", ["OMP_NUM_THREADS"] = "1" },
        };
        using var process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string line = text.Split('\n').Last(line => line.Contains(DistributedRank.Prefix, StringComparison.Ordinal));
        return line[(line.IndexOf(DistributedRank.Prefix, StringComparison.Ordinal) + DistributedRank.Prefix.Length)..].Trim();
    }
}
