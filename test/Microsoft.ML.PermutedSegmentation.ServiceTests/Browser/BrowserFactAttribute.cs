using System.Diagnostics;

namespace ServiceTests.Browser;

/// <summary>
/// A test in a real browser: Chromium of Debian, by its own driver. Where they are missing, they are installed if that is possible without a password;
/// otherwise the test is skipped and says what to install.
/// </summary>
internal sealed class BrowserFactAttribute : FactAttribute
{
    public const string Chromium = "/usr/bin/chromium", Driver = "/usr/bin/chromedriver";

    private static readonly Lazy<string?> Missing = new(Install);

    // In CI a browser that is missing is a failure.
    public BrowserFactAttribute() => Skip = Missing.Value is { } reason && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")) ? reason : null;

    private static bool AreThere => File.Exists(Chromium) && File.Exists(Driver);

    private static string? Install()
    {
        if (!AreThere && OperatingSystem.IsLinux() && Environment.UserName == "root" && File.Exists("/usr/bin/apt-get"))
        {
            Console.WriteLine("Installing chromium and chromium-driver for the browser tests.");
            Run("update", "-q");
            Run("install", "-y", "-q", "--no-install-recommends", "chromium", "chromium-driver");
        }
        return AreThere ? null : "Install Debian's packages chromium and chromium-driver to run this test.";
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
