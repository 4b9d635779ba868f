using Workbench;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Text from elsewhere, in Markdown and on a terminal.</summary>
public sealed class ForeignTextTests
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

    [Fact]
    public void It_does_not_steer_the_terminal() => Assert.Equal("?[2Jroad\n\tкот", Printable.Of("\u001b[2Jroad\n\tкот"));
}
