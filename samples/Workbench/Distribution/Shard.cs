using System.CommandLine;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Distribution;

/// <summary>A part of a list of work, of which others do the rest.</summary>
/// <param name="Index">Which part, from 0.</param>
/// <param name="Count">How many there are.</param>
internal sealed record Shard(int Index, int Count)
{
    private const int MostShards = 1_000_000;

    public static Option<Shard?> Option() => new("--shard")
    {
        HelpName = "I/N",
        Description = "Does the I-th of N parts of the work, from 1/N to N/N, such as 3/8. [default: all, or this process's part where mpirun has started several]",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (text.Split('/') is [var index, var count] && int.TryParse(index, out var i) && int.TryParse(count, out var n) && i >= 1 && i <= n && n <= MostShards)
                return new Shard(i - 1, n);
            result.AddError($"'{text}' is no part of the work; write I/N, such as 3/8 for the third of eight parts.");
            return null;
        },
    };

    /// <summary>The part of a process.</summary>
    public static Shard Of(IProcessGroup? group) => new(group?.Rank ?? 0, group?.Size ?? 1);

    /// <summary>Every so many of a list: neighbours, which are often alike, go to different parts.</summary>
    public IReadOnlyList<T> Of<T>(IReadOnlyList<T> work) => [.. work.Where((_, i) => i % Count == Index)];
}
