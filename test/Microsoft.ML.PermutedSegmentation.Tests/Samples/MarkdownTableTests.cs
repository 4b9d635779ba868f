using Workbench;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Text from elsewhere in Markdown.</summary>
public sealed class MarkdownTableTests
{
    [Theory]
    [InlineData("road", "road")]
    [InlineData("日本語 кот", "日本語 кот")]
    [InlineData("a|b", @"a\|b")]
    [InlineData("<script>&", "&lt;script>&amp;")]
    [InlineData("_em_*x* `c` [l](u)", @"\_em\_\*x\* \`c\` \[l\]\(u\)")]
    [InlineData(@"\n", @"\\n")]
    [InlineData("a\nb", "a b")]
    public void It_stays_what_it_is(string text, string expected) => Assert.Equal(expected, MarkdownTable.Escape(text));
}
