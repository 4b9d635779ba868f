using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>COCO's run lengths.</summary>
public sealed class RunLengthsTests
{
    [Fact]
    public void Runs_go_down_the_columns_and_begin_outside()
    {
        byte[] mask = new byte[6];
        RunLengths.Paint(mask, 3, [1, 2, 2, 1], 7);
        // Columns of two: 0 7 | 7 0 | 0 7.
        Assert.Equal([0, 7, 0, 7, 0, 7], mask);
    }

    // By hand from rleToString of cocoapi: characters of 5 bits from '0' on, 32 for more, from the fourth number on differences.
    [Theory]
    [InlineData("121", new long[] { 1, 2, 1 })]
    [InlineData("121N", new long[] { 1, 2, 1, 0 })]
    [InlineData("T3", new long[] { 100 })]
    [InlineData("0T34T3", new long[] { 0, 100, 4, 200 })]
    [InlineData("", new long[] { })]
    public void The_compressed_form_is_read(string text, long[] counts) => Assert.Equal(counts, RunLengths.Decompress(text));

    [Theory]
    [InlineData("T")]
    [InlineData("oooooooo")]
    [InlineData("1 2")]
    [InlineData("1\u20ac")]
    public void What_is_not_the_compressed_form_is_refused(string text) => Assert.Throws<InvalidDataException>(() => RunLengths.Decompress(text));

    [Theory]
    [InlineData(new long[] { 1, 2 }, "3 of 4")]
    [InlineData(new long[] { 1, 4 }, "more than the 4")]
    [InlineData(new long[] { 5, -1 }, "")]
    [InlineData(new long[] { }, "0 of 4")]
    public void Runs_that_do_not_fill_the_mask_are_refused(long[] counts, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => RunLengths.Check(counts, 2, 2)).Message);
}
