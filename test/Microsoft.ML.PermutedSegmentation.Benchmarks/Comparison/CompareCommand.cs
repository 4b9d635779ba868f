using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

using Command = System.CommandLine.Command;

/// <summary><c>compare</c>: measures this library against PyTorch and ONNX Runtime, and prints the tables.</summary>
internal static class CompareCommand
{
    private static readonly IReadOnlyDictionary<string, Func<Bench, IEnumerable<object>>> Topics = new Dictionary<string, Func<Bench, IEnumerable<object>>>
    {
        ["scoring"] = ScoringComparison.Run,
        ["first"] = FirstPredictionComparison.Run,
        ["training"] = TrainingComparison.Run,
        ["memory"] = MemoryComparison.Run,
        ["ceiling"] = CeilingComparison.Run,
        ["scaling"] = ScalingComparison.Run,
    };

    private static readonly IReadOnlyDictionary<string, Func<Bench, IEnumerable<object>>> GpuTopics = new Dictionary<string, Func<Bench, IEnumerable<object>>>
    {
        ["scoring"] = GpuComparison.RunScoring,
        ["training"] = GpuComparison.RunTraining,
    };

    public static Command Create()
    {
        var python = new Option<string>("--python") { HelpName = "FILE", Description = "A Python with torch and torchvision.", DefaultValueFactory = _ => "python3" };
        var device = new Option<string>("--device") { HelpName = "cpu|cuda", Description = "Where the networks are, on every side.", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda");
        var only = new Option<string?>("--only") { HelpName = "TOPICS", Description = $"Some of {string.Join(',', Topics.Keys)}; with cuda of {string.Join(',', GpuTopics.Keys)}. [default: all]" };
        var threads = new Option<int>("--threads") { HelpName = "N", Description = "Threads on every side.", DefaultValueFactory = _ => 2 };
        var rounds = new Option<int>("--rounds") { HelpName = "N", Description = "How often each is measured, in turn.", DefaultValueFactory = _ => 3 };
        var picture = new Option<string?>("--picture") { HelpName = "FILE.svg", Description = "Also draws what 'scaling' measures." };
        var output = new Option<string?>("--out") { HelpName = "FILE.md", Description = "Also writes the tables to this file." };
        only.Validators.Add(result =>
        {
            IReadOnlyDictionary<string, Func<Bench, IEnumerable<object>>> topics = TopicsOf(result.GetValue(device)!);
            foreach (string topic in Split(result.GetValue(only)!).Where(topic => !topics.ContainsKey(topic)))
                result.AddError($"'{topic}' is none of {string.Join(", ", topics.Keys)}.");
        });

        var command = new Command("compare", "Measures this library against PyTorch and ONNX Runtime, each side in a process of its own.") { python, device, only, threads, rounds, output, picture };
        command.SetAction(result => Run(
            result.GetRequiredValue(python), result.GetRequiredValue(device), result.GetValue(only), result.GetValue(threads), result.GetValue(rounds), result.GetValue(output), result.GetValue(picture)));
        return command;
    }

    private static void Run(string python, string device, string? only, int threads, int rounds, string? output, string? picture)
    {
        IReadOnlyDictionary<string, Func<Bench, IEnumerable<object>>> topics = TopicsOf(device);
        string versions = ChildProcess.Output([python, "-c", "import torch, torchvision; print(torch.__version__, torchvision.__version__)"], threads).Trim();
        string folder = Directory.CreateTempSubdirectory("comparison-").FullName;
        try
        {
            var bench = new Bench(folder, python, device, threads, rounds, picture);
            var text = new StringBuilder();
            Add(string.Create(CultureInfo.InvariantCulture, $"{threads} threads, {rounds} rounds: median (least to most). {Processor.Description}. Device: {device}. Peer: PyTorch and torchvision {versions}.\n"));
            foreach (object table in (only is null ? [.. topics.Keys] : Split(only)).SelectMany(topic => topics[topic](bench)))
                Add($"{table}");

            void Add(string part)
            {
                Console.WriteLine(part);
                text.Append(part).Append('\n');
                if (output is not null)
                    File.WriteAllText(output, text.ToString());
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IReadOnlyDictionary<string, Func<Bench, IEnumerable<object>>> TopicsOf(string device) => device == "cuda" ? GpuTopics : Topics;

    private static string[] Split(string topics) => topics.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
