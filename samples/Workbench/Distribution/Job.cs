using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;
using Spectre.Console;

namespace Workbench.Distribution;

/// <summary>The processes that mpirun has started with one command. The first one does what the command does; the others work for it, and write nothing.</summary>
internal static class Job
{
    private static MpiProcessGroup? _group;

    /// <summary>The processes; null: this one is alone.</summary>
    public static IProcessGroup? Group => _group;

    public static Option<bool> Option() => new("--distributed") { Description = "Joins the other processes of the command through MPI, where mpirun has started several; needed only if that is not noticed." };

    /// <summary>Joins the others, if there are any.</summary>
    /// <param name="isAsked">Whether there must be.</param>
    /// <exception cref="DllNotFoundException">MPI is missing.</exception>
    public static void Join(bool isAsked)
    {
        if (!isAsked && !MpiProcessGroup.IsLaunched)
            return;
        // mpirun reads what seems to be a terminal, and passes on what is meant for one.
        Environment.SetEnvironmentVariable("TERM", "dumb");
        _group = MpiProcessGroup.Start();
        if (_group.Rank == 0)
            return;
        Console.SetOut(TextWriter.Null);
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null), Interactive = InteractionSupport.No });
    }

    /// <summary>Refuses a command that each process would do for itself, all into the same files.</summary>
    /// <exception cref="NotSupportedException">There are several processes.</exception>
    public static void RequireAlone(string command)
    {
        if (MpiProcessGroup.IsLaunched)
            throw new NotSupportedException($"'{command}' does not share its work with other processes; start it without mpirun. 'train', 'predict', 'evaluate', 'attack' and 'tables' do.");
    }

    /// <summary>A number summed over all processes.</summary>
    public static long Sum(long number)
    {
        if (_group is null)
            return number;
        var all = new byte[sizeof(long) * _group.Size];
        _group.Gather(BitConverter.GetBytes(number), all);
        return MemoryMarshal.Cast<byte, long>(all).ToArray().Sum();
    }

    /// <summary>Of a list of work, what this process does of it.</summary>
    public static IReadOnlyList<T> ShareOf<T>(IReadOnlyList<T> work) => Shard.Of(_group).Of(work);

    /// <summary>Waits for the other processes.</summary>
    public static void Wait() => Sum(0);

    /// <summary>A seed that all processes have in common, where none is given and there are several; otherwise the given one.</summary>
    public static int? Seed(int? given)
    {
        if (given is not null || _group is null)
            return given;
        var seed = RandomNumberGenerator.GetBytes(sizeof(int) - 1);
        _group.Broadcast(seed, root: 0);
        return BitConverter.ToInt32([.. seed, 0]);
    }

    /// <summary>The texts of all processes, by rank.</summary>
    public static IReadOnlyList<string> Gather(string own)
    {
        if (_group is null)
            return [own];
        var bytes = Encoding.UTF8.GetBytes(own);
        var lengths = new byte[sizeof(int) * _group.Size];
        _group.Gather(BitConverter.GetBytes(bytes.Length), lengths);
        var counts = MemoryMarshal.Cast<byte, int>(lengths).ToArray();
        var padded = new byte[counts.Max()];
        bytes.CopyTo(padded, 0);
        var all = new byte[padded.Length * _group.Size];
        _group.Gather(padded, all);
        return [.. counts.Select((count, rank) => Encoding.UTF8.GetString(all, rank * padded.Length, count))];
    }

    /// <summary>This process's part of rows: neighbours, so that together they are in order.</summary>
    public static IDataView ShareOf(MLContext mlContext, IDataView rows)
    {
        if (_group is null)
            return rows;
        var count = rows.GetColumn<string>("Name").LongCount();
        if (count < _group.Size)
            throw new InvalidOperationException($"There are {count} images for {_group.Size} processes; start fewer.");
        long first = count * _group.Rank / _group.Size, end = count * (_group.Rank + 1) / _group.Size;
        return mlContext.Data.TakeRows(first == 0 ? rows : mlContext.Data.SkipRows(rows, first), end - first);
    }

    /// <summary>Says on which process an error is, where there are several.</summary>
    public static string Where => _group is { Size: > 1 } group ? $"rank {group.Rank}: " : "";

    /// <summary>Leaves the others; after a failure they are ended, too.</summary>
    public static void End(bool hasFailed)
    {
        if (hasFailed)
            _group?.Abandon();
        else
            Wait(); // MPI's own end would keep the cores busy that the first process still needs.
        _group?.Dispose();
    }
}
