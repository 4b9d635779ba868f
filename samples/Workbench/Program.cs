using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Runtime.InteropServices;
using Workbench;
using Workbench.Commands;

const int Failed = 1, WrongUsage = 2;

var root = new RootCommand("Semantic segmentation with models that are of no use without their secret key.")
{
    KeygenCommand.Create(),
    TrainCommand.Create(),
    EvaluateCommand.Create(),
    PredictCommand.Create(),
    ProtectCommand.Create(),
    UnprotectCommand.Create(),
    RekeyCommand.Create(),
    InspectCommand.Create(),
    ImportCommand.Create(),
    ExportWeightsCommand.Create(),
    ExportOnnxCommand.Create(),
    TablesCommand.Create(),
    AttackCommand.Create(),
};
foreach (var help in root.Options.OfType<HelpOption>())
    help.Action = new DetailedHelp((HelpAction)help.Action!);
var parsed = root.Parse(args);
if (parsed.Action is ParseErrorAction)
{
    foreach (var error in parsed.Errors)
        Console.Error.WriteLine($"error: {error.Message}");
    Console.Error.WriteLine("'workbench --help' lists the commands, 'workbench COMMAND --help' the options of one.");
    return WrongUsage;
}

// The first Ctrl+C asks the running command to stop and clean up, the second one ends the process.
using var cancellation = new CancellationTokenSource();
void Cancel(PosixSignalContext signal)
{
    signal.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);

try
{
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    return await parsed.InvokeAsync(configuration, cancellation.Token);
}
catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
{
    Console.Error.WriteLine("Cancelled.");
    return Failed;
}
catch (Exception exception)
{
    // What went wrong in a reflected call or on another thread is inside.
    var cause = exception;
    while (cause is AggregateException or TargetInvocationException && cause.InnerException is { } inner)
        cause = inner;
    Console.Error.WriteLine($"error: {cause.Message}");
    return Failed;
}
