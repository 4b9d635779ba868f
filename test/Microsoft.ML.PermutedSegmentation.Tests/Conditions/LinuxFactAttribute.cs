using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A test that looks into /proc: elsewhere it is skipped, and does not count as passed.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists("/proc/self"))
            Skip = "Only Linux has /proc.";
    }
}
