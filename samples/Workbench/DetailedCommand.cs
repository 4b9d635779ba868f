using System.CommandLine;
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
    public void Does(Func<ParseResult, Outputs, CancellationToken, int> action) =>
        SetAction((result, cancellation) => Task.FromResult(action(result, Outputs.Of(result), cancellation)));
}
