using System.Collections.Concurrent;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class OrderedWorkersTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(4, 4)]
    [InlineData(4, 9)]
    public void Gives_all_results_in_order_from_other_threads(int workers, int ahead)
    {
        int consumer = Environment.CurrentManagedThreadId;
        var threads = new ConcurrentDictionary<int, bool>();
        IEnumerable<int> results = OrderedWorkers.Run(Enumerable.Range(0, 200), workers, ahead, (number, worker) =>
        {
            threads[Environment.CurrentManagedThreadId] = true;
            Assert.InRange(worker, 0, workers - 1);
            Thread.Sleep(number % 3);
            return 10 * number;
        });

        Assert.Equal(Enumerable.Range(0, 200).Select(number => 10 * number), results.ToArray());
        Assert.DoesNotContain(consumer, threads.Keys);
        Assert.InRange(threads.Count, 1, workers);
    }

    [Fact]
    public void As_many_work_at_the_same_time_as_there_are()
    {
        using var together = new Barrier(3);
        Assert.Equal([true, true, true], OrderedWorkers.Run(Enumerable.Range(0, 3), 3, 3, (_, _) => together.SignalAndWait(TimeSpan.FromSeconds(30))));
    }

    [Fact]
    public void Works_ahead_no_further_than_it_may()
    {
        int begun = 0;
        using IEnumerator<int> results = OrderedWorkers.Run(Enumerable.Range(0, 100), 2, 4, (number, _) =>
        {
            Interlocked.Increment(ref begun);
            return number;
        }).GetEnumerator();
        Assert.True(results.MoveNext());
        // The consumer has the first one; that and the next three.
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref begun) == 4, TimeSpan.FromSeconds(10)));
        Thread.Sleep(50);
        Assert.Equal(4, Volatile.Read(ref begun));
        Assert.True(results.MoveNext());
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref begun) == 5, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void An_exception_comes_in_its_place()
    {
        static IEnumerable<int> Jobs()
        {
            yield return 1;
            yield return 2;
            throw new InvalidDataException("job 3");
        }

        using IEnumerator<int> ofJobs = OrderedWorkers.Run(Jobs(), 3, 6, (number, _) => number).GetEnumerator();
        Assert.True(ofJobs.MoveNext() && ofJobs.MoveNext());
        Assert.Equal("job 3", Assert.Throws<InvalidDataException>(() => ofJobs.MoveNext()).Message);

        using IEnumerator<int> ofWork = OrderedWorkers.Run(Enumerable.Range(1, 9), 3, 6, (number, _) => number == 2 ? throw new InvalidDataException("work 2") : number).GetEnumerator();
        Assert.True(ofWork.MoveNext());
        Assert.Equal("work 2", Assert.Throws<InvalidDataException>(() => ofWork.MoveNext()).Message);
    }

    [Fact]
    public void When_the_consumer_stops_nothing_runs_any_more()
    {
        int running = 0, begun = 0;
        bool isDisposed = false;
        IEnumerable<int> Jobs()
        {
            try
            {
                for (int number = 0; ; number++)
                    yield return number;
            }
            finally
            {
                Assert.Equal(0, Volatile.Read(ref running));
                isDisposed = true;
            }
        }

        using (IEnumerator<int> results = OrderedWorkers.Run(Jobs(), 3, 20, (number, _) =>
        {
            Interlocked.Increment(ref running);
            Interlocked.Increment(ref begun);
            Thread.Sleep(5);
            Interlocked.Decrement(ref running);
            return number;
        }).GetEnumerator())
        {
            results.MoveNext();
        }
        Assert.True(isDisposed);
        int before = begun;
        Thread.Sleep(30);
        Assert.Equal(before, begun);
    }
}
