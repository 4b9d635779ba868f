using System.CommandLine;
using Workbench.Distribution;
using Workbench.Files;

namespace Workbench;

/// <summary>A command with a line for the list of commands, and notes and examples for its own help.</summary>
internal sealed class DetailedCommand(string name, string description, string details) : Command(name, description)
{
    public string Details => details;

    /// <summary>What the command does, once it is known that its outputs overwrite nothing that must stay.</summary>
    public void Does(Action<ParseResult, Outputs, CancellationToken> action) => Does((result, outputs, cancellation) =>
    {
        action(result, outputs, cancellation);
        return 0;
    });

    /// <summary>Likewise, with the exit code.</summary>
    public void Does(Func<ParseResult, Outputs, CancellationToken, int> action) => SetAction((result, cancellation) =>
    {
        Job.RequireAlone(Name);
        return Task.FromResult(action(result, Outputs.Of(result), cancellation));
    });

    /// <summary>What the command does, with the exit code, on one process, or on each of several that mpirun has started.</summary>
    /// <param name="distributed">Says that there are several.</param>
    /// <param name="action">The whole, or this process's share.</param>
    public void DoesTogether(Option<bool> distributed, Func<ParseResult, Outputs, CancellationToken, int> action)
    {
        Add(distributed);
        SetAction((result, cancellation) =>
        {
            Job.Join(result.GetValue(distributed));
            return Task.FromResult(action(result, Outputs.Of(result), cancellation));
        });
    }

    /// <summary>What the command does on one process, or on several that mpirun has started.</summary>
    /// <param name="distributed">Says that there are several.</param>
    /// <param name="action">On the first one, or the only one.</param>
    /// <param name="share">On the others.</param>
    public void DoesTogether(Option<bool> distributed, Action<ParseResult, Outputs, CancellationToken> action, Action<ParseResult, CancellationToken> share)
    {
        Add(distributed);
        SetAction((result, cancellation) =>
        {
            Job.Join(result.GetValue(distributed));
            if (Job.Group is { Rank: > 0 })
                share(result, cancellation);
            else
                action(result, Outputs.Of(result), cancellation);
            return Task.FromResult(0);
        });
    }
}
