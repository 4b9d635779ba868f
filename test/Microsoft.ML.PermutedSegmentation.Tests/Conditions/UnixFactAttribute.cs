using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A test of Unix' file modes and links: on Windows it is skipped, and does not count as passed.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
            Skip = UnixTheoryAttribute.Reason;
    }
}
