using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using Workbench;
using Workbench.Commands;
using Workbench.Distribution;

const int Failed = 1, WrongUsage = 2;

using var termination = new Termination();
var parsed = AllCommands.Create().Parse(args);
if (parsed.Action is ParseErrorAction)
{
    foreach (var error in parsed.Errors)
        Console.Error.WriteLine($"error: {error.Message}");
    Console.Error.WriteLine("'permseg --help' lists the commands, 'permseg COMMAND --help' the options of one.");
    return WrongUsage;
}

try
{
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    int code = await parsed.InvokeAsync(configuration, termination.Token);
    Job.End(hasFailed: false);
    return code;
}
catch (Exception) when (termination.Token.IsCancellationRequested)
{
    termination.End();
    throw;
}
catch (Exception exception)
{
    // What went wrong in a reflected call or on another thread is inside.
    var cause = exception;
    while (cause is AggregateException or TargetInvocationException && cause.InnerException is { } inner)
        cause = inner;
    // The names of parameters are for programs.
    var message = cause is ArgumentException { ParamName: { } name } ? cause.Message.Replace($" (Parameter '{name}')", "").ReplaceLineEndings(" ") : cause.Message;
    Printable.WriteError($"error: {Job.Where}{message}");
    Job.End(hasFailed: true);
    return Failed;
}
