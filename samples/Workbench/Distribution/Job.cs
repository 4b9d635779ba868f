using System.CommandLine;
using System.Runtime.InteropServices;
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
            throw new NotSupportedException($"'{command}' does not share its work with other processes; start it without mpirun. 'train', 'predict' and 'evaluate' do.");
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
        _group?.Dispose();
    }
}
