using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class WindowPositionsTests
{
    [Fact]
    public void Two_windows_share_their_overlap_by_triangles()
    {
        // Triangles 1 2 2 1 at 0 and at 2.
        var positions = new WindowPositions(cells: 6, window: 4);
        Assert.Equal([0, 2], Starts(positions));
        Assert.Equal([1, 1, 2f / 3, 1f / 3], positions.SharesOf(0).ToArray());
        Assert.Equal([1f / 3, 2f / 3, 1, 1], positions.SharesOf(1).ToArray());
    }

    [Fact]
    public void A_map_as_large_as_a_window_is_its_own() =>
        Assert.Equal([1f, 1, 1, 1, 1], new WindowPositions(5, 5).SharesOf(0).ToArray());

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(9, 2)]
    [InlineData(13, 3)]
    [InlineData(65, 64)]
    [InlineData(1500, 64)]
    [InlineData(100, 7)]
    public void Windows_reach_both_ends_overlap_by_a_quarter_and_share_each_cell(int cells, int window)
    {
        var positions = new WindowPositions(cells, window);
        int[] starts = Starts(positions);
        Assert.Equal((0, cells - window), (starts[0], starts[^1]));
        double[] sums = new double[cells];
        for (int i = 0; i < starts.Length; i++)
        {
            if (i > 0)
                Assert.InRange(starts[i] - starts[i - 1], 1, window - window / 4);
            for (int k = 0; k < window; k++)
            {
                Assert.True(positions.SharesOf(i)[k] > 0);
                sums[starts[i] + k] += positions.SharesOf(i)[k];
            }
        }
        Assert.All(sums, sum => sum.Should().BeApproximately(1, 1e-6));
    }

    private static int[] Starts(WindowPositions positions) => [.. Enumerable.Range(0, positions.Count).Select(positions.StartOf)];
}
