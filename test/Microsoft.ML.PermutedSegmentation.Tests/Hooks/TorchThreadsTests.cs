using System.Collections.Concurrent;
using System.Diagnostics;
using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TorchThreadsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public void Calls_once_with_each_number(int count)
    {
        int[] calls = new int[count];
        TorchThreads.For(count, i => Interlocked.Increment(ref calls[i]));
        TorchThreads.ForOnPool(count, i => Interlocked.Increment(ref calls[i]));
        Assert.All(calls, n => Assert.Equal(2, n));
    }

    [Fact]
    public void Runs_on_as_many_threads_as_libtorch_has()
    {
        var threads = new ConcurrentDictionary<int, bool>();
        using var all = new Barrier(torch.get_num_threads());
        // Each call waits until there is one on every thread.
        TorchThreads.For(torch.get_num_threads(), _ =>
        {
            threads[Environment.CurrentManagedThreadId] = true;
            Assert.True(all.SignalAndWait(TimeSpan.FromMinutes(1)));
        });
        Assert.Equal(torch.get_num_threads(), threads.Count);
        Assert.Contains(Environment.CurrentManagedThreadId, threads.Keys);
    }

    [Fact]
    public void Several_threads_may_run_loops_at_once()
    {
        long sum = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int loop = 0; loop < 100; loop++)
                TorchThreads.For(100, i => Interlocked.Add(ref sum, i));
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.Equal(4 * 100 * (99 * 100 / 2), sum);
    }

    [Fact]
    public void An_exception_reaches_the_caller_and_ends_the_loop()
    {
        const int count = 3000;
        int calls = 0;
        Exception thrown = Record.Exception(() => TorchThreads.For(count, i =>
        {
            Interlocked.Increment(ref calls);
            if (i == 0)
                throw new UnreachableException();
            Thread.Sleep(1);
        }));
        Assert.IsType<UnreachableException>(thrown is AggregateException several ? several.InnerExceptions[0] : thrown);
        Assert.InRange(calls, 1, count / 2);
    }
}
