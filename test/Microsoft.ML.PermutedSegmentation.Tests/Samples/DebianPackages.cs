using System.Diagnostics;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Programs of Debian that tests run. Where they are missing, they are installed if that is possible without a password.</summary>
internal static class DebianPackages
{
    private static readonly Lock Installing = new();

    /// <summary>Why a test that needs them has to be skipped; null: they are there. In CI what is missing is a failure.</summary>
    /// <param name="packages">The packages.</param>
    /// <param name="files">Files of theirs that the test uses.</param>
    public static string? FindMissing(string[] packages, string[] files)
    {
        lock (Installing)
        {
            if (!files.All(File.Exists) && OperatingSystem.IsLinux() && Environment.UserName == "root" && File.Exists("/usr/bin/apt-get"))
            {
                Console.WriteLine($"Installing {string.Join(" and ", packages)} for the tests.");
                Run("update", "-q");
                Run(["install", "-y", "-q", "--no-install-recommends", .. packages]);
            }
        }
        return files.All(File.Exists) || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"))
            ? null
            : $"Install Debian's packages {string.Join(" and ", packages)} to run this test.";
    }

    private static void Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("apt-get", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" } };
        using var process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        _ = errors.Result;
    }
}
