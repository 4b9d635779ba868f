using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class InternalUseTests
{
    [Fact]
    public void Internals_of_MLNet_are_used_in_one_folder()
    {
        string[] elsewhere = [.. InternalUse.Find(typeof(PermutedSegmentationTransformer).Assembly, name => name.StartsWith("Microsoft.ML", StringComparison.Ordinal))
            .Select(use => $"{use.User.FullName}: {use.Used}").Distinct().Order(StringComparer.Ordinal)];
        Assert.Empty(elsewhere);
    }
}
