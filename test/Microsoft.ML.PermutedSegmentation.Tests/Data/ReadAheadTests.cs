using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ReadAheadTests
{
    [Fact]
    public void Gives_all_elements_in_order_from_another_thread()
    {
        int consumer = Environment.CurrentManagedThreadId;
        var made = new List<int>();
        IEnumerable<Element> Source()
        {
            for (int i = 0; i < 100; i++)
            {
                made.Add(Environment.CurrentManagedThreadId);
                yield return new Element(i);
            }
        }

        Assert.Equal(Enumerable.Range(0, 100), ReadAhead.Of(Source(), 2).Select(element => element.Number).ToArray());
        Assert.DoesNotContain(consumer, made);
    }

    [Fact]
    public void Works_ahead_no_further_than_its_depth()
    {
        int made = 0;
        IEnumerable<Element> Source()
        {
            while (true)
                yield return new Element(Interlocked.Increment(ref made));
        }

        using IEnumerator<Element> ahead = ReadAhead.Of(Source(), 3).GetEnumerator();
        Assert.True(ahead.MoveNext());
        // One handed out, three waiting, one in the producer's hands.
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref made) == 5, TimeSpan.FromSeconds(10)));
        Thread.Sleep(50);
        Assert.Equal(5, Volatile.Read(ref made));
    }

    [Fact]
    public void Throws_the_sources_exception_after_the_elements_before_it()
    {
        static IEnumerable<Element> Source()
        {
            yield return new Element(1);
            throw new InvalidDataException("row 2");
        }

        using IEnumerator<Element> ahead = ReadAhead.Of(Source(), 2).GetEnumerator();
        Assert.True(ahead.MoveNext());
        Assert.Equal("row 2", Assert.Throws<InvalidDataException>(() => ahead.MoveNext()).Message);
    }

    [Fact]
    public void Disposes_what_nobody_took_when_the_consumer_stops()
    {
        var made = new List<Element>();
        IEnumerable<Element> Source()
        {
            while (true)
            {
                var element = new Element(made.Count);
                made.Add(element);
                yield return element;
            }
        }

        Element taken;
        using (IEnumerator<Element> ahead = ReadAhead.Of(Source(), 2).GetEnumerator())
        {
            ahead.MoveNext();
            taken = ahead.Current;
        }
        Assert.False(taken.IsDisposed);
        Assert.All(made.Where(element => element != taken), element => Assert.True(element.IsDisposed));
    }

    private sealed class Element(int number) : IDisposable
    {
        public int Number => number;

        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
