using Microsoft.ML.PermutedSegmentation.Distribution;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class InProcessGroupTests
{
    [Fact]
    public void Bytes_go_where_MPI_would_put_them()
    {
        (byte[] Gathered, byte[] Exchanged, byte[] Broadcast, byte[] Swapped)[] results = ProcessGroups.Run(3, group =>
        {
            byte[] gathered = new byte[6], exchanged = new byte[6], sent = [(byte)group.Rank, 77], swapped = new byte[1];
            group.Gather([(byte)group.Rank, (byte)(10 + group.Rank)], gathered);
            group.Exchange([.. Enumerable.Range(0, 6).Select(i => (byte)(10 * group.Rank + i))], exchanged);
            group.Broadcast(sent, root: 2);
            group.Swap([(byte)(50 + group.Rank)], swapped, partner: 2 - group.Rank);
            return (gathered, exchanged, sent, swapped);
        });
        Assert.All(results, result => Assert.Equal([0, 10, 1, 11, 2, 12], result.Gathered));
        Assert.All(results, result => Assert.Equal([2, 77], result.Broadcast));
        Assert.Equal<byte[]>([[52], [51], [50]], results.Select(result => result.Swapped));
        Assert.Equal([0, 1, 10, 11, 20, 21], results[0].Exchanged);
        Assert.Equal([4, 5, 14, 15, 24, 25], results[2].Exchanged);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 7)]
    [InlineData(3, (1 << 20) + 5)]
    public void Sums_are_of_the_values_in_the_order_of_the_ranks(int size, int count)
    {
        // Large and small values, so that another order would give other bits.
        float Value(int rank, int i) => (rank == 1 ? 1e8f : 1) * MathF.Sin(i + rank);
        float[][] sums = ProcessGroups.Run(size, group =>
        {
            float[] values = [.. Enumerable.Range(0, count).Select(i => Value(group.Rank, i))];
            group.Sum(values);
            return values;
        });
        foreach (float[] sum in sums)
            for (int i = 0; i < count; i++)
                Assert.Equal(Enumerable.Range(1, size - 1).Aggregate(Value(0, i), (total, rank) => total + Value(rank, i)), sum[i]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(13)]
    public void A_few_values_are_added_up_two_by_two(int size)
    {
        // Powers of two have exact sums, which tell whose values are in them, and how often.
        double[][] sums = ProcessGroups.Run(size, group => group.Sum(Math.Pow(2, group.Rank), 1));
        Assert.All(sums, sum => Assert.Equal([Math.Pow(2, size) - 1, size], sum));
        // Thirds have none. All have the same bits nevertheless, also of what depends on the order.
        double[][] rounded = ProcessGroups.Run(size, group => group.Sum(1 / (3.0 + group.Rank)));
        Assert.All(rounded, sum => Assert.Equal(rounded[0], sum));
        Assert.Equal(Enumerable.Range(0, size).Sum(rank => 1 / (3.0 + rank)), rounded[0][0], 1e-12);
        double[][] ordered = ProcessGroups.Run(size, group => group.Combine([1 / (3.0 + group.Rank)], (some, more) => some[0] = 0.7 * some[0] + more[0]));
        Assert.All(ordered, sum => Assert.Equal(ordered[0], sum));
    }

    [Fact]
    public void A_duplicate_does_not_meet_the_original_and_ends_with_it()
    {
        var results = ProcessGroups.RunAll(2, group =>
        {
            using IProcessGroup other = group.Duplicate();
            double sum = 0, here = 0;
            var thread = new Thread(() =>
            {
                for (int i = 0; i < 100; i++)
                    sum += other.Sum(1.0)[0];
            });
            thread.Start();
            for (int i = 0; i < 100; i++)
                here += group.Sum(5.0)[0];
            thread.Join();
            if (group.Rank == 0)
                group.Abandon();
            else
                other.Sum(1.0);
            return (sum, here);
        });
        Assert.Equal((200, 1000), results[0].Result);
        Assert.IsType<IOException>(results[1].Exception);
    }

    [Fact]
    public void Shares_are_neighbours_as_equal_as_can_be()
    {
        ImageShare[] shares = ProcessGroups.Run(3, group => ImageShare.Of(8, group));
        Assert.Equal([new(0, 2, 8), new(2, 3, 8), new(5, 3, 8)], shares);
        Assert.Equal(new ImageShare(0, 8, 8), ImageShare.Of(8, null));
    }
}
