using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Workbench;

/// <summary>A command with a line for the list of commands, and notes and examples for its own help.</summary>
internal sealed class DetailedCommand(string name, string description, string details) : Command(name, description)
{
    public string Details => details;
}

/// <summary>The usual help, followed by the command's notes and examples.</summary>
internal sealed class DetailedHelp(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult result)
    {
        help.Invoke(result);
        if (result.CommandResult.Command is DetailedCommand command)
            result.InvocationConfiguration.Output.WriteLine(command.Details);
        return 0;
    }
}
