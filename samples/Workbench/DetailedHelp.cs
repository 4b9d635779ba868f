using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Workbench;

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
