using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class LinearAssignmentTests
{
    [Fact]
    public void The_worked_example_is_solved()
    {
        // Rows 0, 1, 2 to columns 1, 0, 2: 1 + 2 + 2 = 5; any other costs more.
        Assert.Equal([1, 0, 2], LinearAssignment.Solve([4, 1, 3, 2, 0, 5, 3, 2, 2], 3));
        Assert.Equal([0], LinearAssignment.Solve([7], 1));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(7)]
    public void No_other_assignment_is_cheaper(int n)
    {
        var random = new Random(n);
        for (int trial = 0; trial < 30; trial++)
        {
            float[] costs = [.. Enumerable.Range(0, n * n).Select(_ => random.Next(-20, 20) / 4f)];
            int[] solution = LinearAssignment.Solve(costs, n);
            Assert.Equal(Enumerable.Range(0, n), solution.Order());
            Assert.Equal(AllOrders(n).Min(order => Cost(costs, order)), Cost(costs, solution));
        }
    }

    private static float Cost(float[] costs, int[] order) => order.Select((column, row) => costs[row * order.Length + column]).Sum();

    private static IEnumerable<int[]> AllOrders(int n) => n == 0
        ? [[]]
        : AllOrders(n - 1).SelectMany(order => Enumerable.Range(0, n).Select(place => (int[])[.. order[..place], n - 1, .. order[place..]]));
}
