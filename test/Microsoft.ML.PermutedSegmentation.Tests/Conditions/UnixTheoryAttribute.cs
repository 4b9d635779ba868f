using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>As <see cref="UnixFactAttribute"/>, for several data.</summary>
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    internal const string Reason = "Windows has neither file modes nor links that anybody may make.";

    public UnixTheoryAttribute()
    {
        if (OperatingSystem.IsWindows())
            Skip = Reason;
    }
}
