using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The console app in a process of its own.</summary>
internal static class WorkbenchProcess
{
    public static void Succeed(params string[] arguments)
    {
        var (exitCode, text) = Run(arguments);
        Assert.True(exitCode == 0, text);
    }

    /// <summary>Runs it to its end and returns all that it wrote, errors first.</summary>
    public static (int ExitCode, string Text) Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        return ReadToEnd(process);
    }

    /// <summary>Runs it to its end with a switch of <see cref="AppContext"/>, as an application's runtimeconfig.json sets it.</summary>
    public static (int ExitCode, string Text) RunWith(string name, bool value, params string[] arguments)
    {
        using var folder = new TempFolder();
        JsonNode settings = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "permseg.runtimeconfig.json")))!;
        JsonNode options = settings["runtimeOptions"]!;
        JsonNode properties = options["configProperties"] ??= new JsonObject();
        properties[name] = value;
        string file = folder.WriteText("permseg.runtimeconfig.json", settings.ToJsonString());
        using Process process = Start(["exec", "--runtimeconfig", file], arguments);
        return ReadToEnd(process);
    }

    public static Process Start(params string[] arguments) => Start([], arguments);

    private static Process Start(string[] hostOptions, string[] arguments)
    {
        // Tests that a shell runs in the background inherit that Ctrl+C is ignored; env undoes that and becomes the process.
        string[] command = [.. OperatingSystem.IsLinux() ? ["env", "--default-signal=INT"] : Array.Empty<string>(), "dotnet", .. hostOptions];
        var start = new ProcessStartInfo(command[0], [.. command[1..], Path.Combine(AppContext.BaseDirectory, "permseg.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // On the CPU: only there a training gives the same weights again, bit for bit.
            Environment = { ["CUDA_VISIBLE_DEVICES"] = "" },
        };
        return Process.Start(start)!;
    }

    /// <summary>Asks it to stop, and checks that it does so at once and that its last line says so.</summary>
    public static void Cancel(Process process, string signal = "TERM", int exitCode = 143)
    {
        Process.Start("kill", $"-{signal} {process.Id}").WaitForExit();
        // It takes half a second; the tests beside this one may take the processor from it.
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(5)));
        Assert.Equal(exitCode, process.ExitCode);
        Assert.Equal("Cancelled.", process.StandardError.ReadToEnd().Trim().Split('\n')[^1]);
    }

    private static (int ExitCode, string Text) ReadToEnd(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error + output.Result);
    }
}
