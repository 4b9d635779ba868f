using System.CommandLine;
using System.Globalization;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Input;

using Command = System.CommandLine.Command;

/// <summary><c>input</c>: how fast images come from files into batches, with a network that costs nothing.</summary>
internal static class InputCommand
{
    public static Command Create()
    {
        var workers = new Option<string>("--workers") { HelpName = "N,N", Description = "Numbers of threads.", DefaultValueFactory = _ => "1,2,4,8,16" };
        var images = new Option<int>("--images") { HelpName = "N", Description = "How many images are read each time.", DefaultValueFactory = _ => 1024 };
        var rounds = new Option<int>("--rounds") { HelpName = "N", Description = "How often each is measured, in turn.", DefaultValueFactory = _ => 3 };
        var folder = new Option<string>("--folder") { HelpName = "FOLDER", Description = "Where the photographs are written, once.", DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "benchmarks-input") };
        var command = new Command("input", "Measures decoding, augmentation and batches without a network, and djpeg (libjpeg-turbo) on the same files.") { workers, images, rounds, folder };
        command.SetAction(result => Run(
            [.. result.GetValue(workers)!.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).Where(number => number <= Environment.ProcessorCount || number == 1)],
            result.GetValue(images), result.GetValue(rounds), result.GetValue(folder)!));
        return command;
    }

    private static void Run(int[] workers, int images, int rounds, string folder)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var input = new InputRun(new Workload { Folder = Path.GetFullPath(folder), Kind = "" }, images);
        Console.WriteLine($"JPEG files of 500x375, 4:2:0; {Processor.Description}; medians of {rounds} rounds");
        var subjects = new List<(string Name, int Cores, Func<InputSpeed> Run)>();
        if (InputRun.HasPeer)
            subjects.Add(("djpeg, one file after the other, less what it takes to start", 1, input.Peer));
        foreach (int count in workers)
        {
            subjects.Add(($"decoded, {count} threads", count, () => input.Decode(count)));
            subjects.Add(($"batches of 8 for training at 256x256, with masks, {count} threads", count, () => input.Batches(count)));
        }
        // .NET compiles once more what is called often.
        subjects.ForEach(subject => subject.Run());
        var speeds = subjects.ToDictionary(subject => subject.Name, _ => new List<InputSpeed>());
        for (int round = 0; round < rounds; round++)
            subjects.ForEach(subject => speeds[subject.Name].Add(subject.Run()));
        Console.WriteLine("| what | images/s | cores busy |");
        Console.WriteLine("|---|---:|---:|");
        foreach ((string name, _, _) in subjects)
            Console.WriteLine($"| {name} | {Statistic.Of(speeds[name].Select(speed => speed.ImagesPerSecond)).Median:F0} | {Statistic.Of(speeds[name].Select(speed => speed.CoresBusy)).Median:F2} |");
    }
}
