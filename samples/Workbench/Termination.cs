using System.Runtime.InteropServices;
using Workbench.Files;

namespace Workbench;

/// <summary>
/// Ends the process when it is told to (Ctrl+C, SIGTERM): a command that looks at the token cleans up and ends by itself; one that does not
/// within a moment, deep in native code, is ended, its unfinished files removed.
/// </summary>
internal sealed class Termination : IDisposable
{
    // By the convention of Unix shells, 128 and the number of the signal.
    private const int Interrupted = 130, Terminated = 143;

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt, _terminate;
    private int _exitCode, _isTold;

    public Termination()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => OnSignal(signal, Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => OnSignal(signal, Terminated));
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Says that the command was cancelled, and ends the process.</summary>
    public void End()
    {
        OutputFile.Abandon();
        if (Interlocked.Exchange(ref _isTold, 1) == 0)
            Console.Error.WriteLine("Cancelled.");
        Exit(_exitCode);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private void OnSignal(PosixSignalContext signal, int exitCode)
    {
        signal.Cancel = true;
        if (Interlocked.CompareExchange(ref _exitCode, exitCode, 0) != 0)
            End();
        // A thread of its own: those of the pool may all be busy.
        new Thread(() =>
        {
            Thread.Sleep(Grace);
            End();
        })
        { IsBackground = true }.Start();
        _source.Cancel();
    }

    // Without what a process usually does at its end: destructors of native libraries would meet threads that still use them.
    private static void Exit(int code)
    {
        if (OperatingSystem.IsWindows())
            Environment.Exit(code);
        RemoveDiagnosticFiles();
        ExitNow(code);
    }

    // What the runtime leaves to debuggers in the folder of temporary files, and would remove itself.
    private static void RemoveDiagnosticFiles()
    {
        try
        {
            foreach (var pattern in (string[])[$"clr-debug-pipe-{Environment.ProcessId}-*", $"dotnet-diagnostic-{Environment.ProcessId}-*"])
                foreach (var file in Directory.GetFiles(Path.GetTempPath(), pattern))
                    File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody misses what stays.
        }
    }

    [DllImport("libc", EntryPoint = "_exit")]
    private static extern void ExitNow(int code);
}
