using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What ML.NET keeps internal may change with any version of it, so there must be one place to look.</summary>
public sealed class InternalUseTests
{
    private const string Ours = "Microsoft.ML.PermutedSegmentation", Folder = Ours + ".MLNet";

    [Fact]
    public void Internals_of_MLNet_are_used_in_one_folder()
    {
        (Type User, string Used)[] uses = [.. InternalUse.Find(typeof(PermutedSegmentationTransformer).Assembly, IsMLNet)];
        Assert.Empty(uses.Where(use => use.User.Namespace != Folder).Select(use => $"{use.User.FullName} uses {use.Used}").Distinct());
        // Or the search itself does not find them any more.
        Assert.Contains(uses, use => use.Used.EndsWith("ModelSaveContext.SetVersionInfo", StringComparison.Ordinal));
        Assert.Contains(uses, use => use.Used.EndsWith("IHostEnvironmentInternal", StringComparison.Ordinal));
    }

    private static bool IsMLNet(string assembly) => assembly.StartsWith("Microsoft.ML.", StringComparison.Ordinal) && !assembly.StartsWith(Ours, StringComparison.Ordinal);
}
