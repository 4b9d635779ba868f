using System.Text.Json;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TrimmedApplicationTests
{
    // Directory.Build.props switches it off for tests and samples: whatever they read and write shows that nothing needs it.
    [Fact]
    public void Nothing_in_these_tests_is_serialised_by_reflection() => Assert.False(JsonSerializer.IsReflectionEnabledByDefault);
}
