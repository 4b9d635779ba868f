using Microsoft.ML.PermutedSegmentation.Tests;

namespace ServiceTests.Browser;

/// <summary>A test in a real browser: Chromium of Debian, by its own driver.</summary>
internal sealed class BrowserFactAttribute : FactAttribute
{
    public const string Chromium = "/usr/bin/chromium", Driver = "/usr/bin/chromedriver";

    public BrowserFactAttribute() => Skip = DebianPackages.FindMissing(["chromium", "chromium-driver"], [Chromium, Driver]);
}
