namespace Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;

/// <summary>Something to measure: what it is called, and how it is run once.</summary>
internal sealed record Subject(string Name, Func<IReadOnlyDictionary<string, double>> Run);

/// <summary>Measures subjects in turn, round after round, so that whatever else the machine does meets all of them alike.</summary>
internal sealed class Bench(string folder, string python, string device, int threads, int rounds, string? picture)
{
    public Workload Base { get; } = new() { Folder = folder, Kind = "", Device = device, Threads = threads };

    /// <summary>Where to draw what can be drawn; null: nowhere.</summary>
    public string? Picture => picture;

    public Subject Ours(string name, Workload workload) => new(name, () => ChildProcess.Ours(workload));

    public Subject Peer(string name, Workload workload) => new(name, () => ChildProcess.Peer(python, workload));

    /// <summary>Writes the files that workloads of this network need.</summary>
    public void Prepare(Workload workload) => ChildProcess.Ours(workload with { Kind = "prepare" });

    /// <summary>Runs every subject once a round.</summary>
    public Measured Run(IReadOnlyList<Subject> subjects, int? roundCount = null)
    {
        var results = subjects.ToDictionary(subject => subject.Name, _ => new List<IReadOnlyDictionary<string, double>>());
        int count = roundCount ?? rounds;
        for (int round = 1; round <= count; round++)
        {
            foreach (Subject subject in subjects)
            {
                Console.Error.WriteLine($"round {round} of {count}: {subject.Name}");
                results[subject.Name].Add(subject.Run());
            }
        }
        return new Measured(results);
    }

    /// <summary>Of torchvision's ways to do the same, the one with the least of a number, tried in one round.</summary>
    public string BestVariant(Workload workload, string number, params string[] variants)
    {
        Measured tried = Run([.. variants.Select(variant => Peer(variant, workload with { Variant = variant }))], roundCount: 1);
        return variants.MinBy(variant => tried[variant, number].Median)!;
    }
}

/// <summary>The numbers of all subjects.</summary>
internal sealed class Measured(IReadOnlyDictionary<string, List<IReadOnlyDictionary<string, double>>> results)
{
    public Statistic this[string subject, string number] => Statistic.Of(results[subject].Select(numbers => numbers[number]));
}
