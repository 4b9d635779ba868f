using System.Diagnostics;
using System.Threading.Channels;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>Requests that wait, for the one thread that takes them in batches.</summary>
/// <param name="capacity">The most that wait.</param>
/// <param name="mostTogether">The most that are taken together.</param>
/// <param name="delay">How long the first of a batch waits for others.</param>
internal sealed class RequestQueue(int capacity, int mostTogether, TimeSpan delay)
{
    private readonly Channel<SegmentationRequest> _channel = Channel.CreateBounded<SegmentationRequest>(new BoundedChannelOptions(capacity) { SingleReader = true });
    private Task<bool>? _arrival;

    /// <summary>How many wait.</summary>
    public int Count => _channel.Reader.Count;

    /// <summary>Whether there is room for a request.</summary>
    public bool TryAdd(SegmentationRequest request) => _channel.Writer.TryWrite(request);

    /// <summary>Lets no more requests in.</summary>
    public void Close() => _channel.Writer.TryComplete();

    /// <summary>Waits for requests, and takes at least one; false: there are none, and none will come.</summary>
    public bool Take(List<SegmentationRequest> batch)
    {
        batch.Clear();
        while (batch.Count == 0)
        {
            if (!Arrival().GetAwaiter().GetResult())
                return false;
            _arrival = null;
            TakeWaiting(batch);
        }
        for (long first = Stopwatch.GetTimestamp(); batch.Count < mostTogether && Wait(delay - Stopwatch.GetElapsedTime(first));)
            TakeWaiting(batch);
        return true;
    }

    private void TakeWaiting(List<SegmentationRequest> batch)
    {
        while (batch.Count < mostTogether && _channel.Reader.TryRead(out SegmentationRequest? request))
        {
            if (request.TryTake())
                batch.Add(request);
        }
    }

    // What was begun is waited for next time: the channel forgets nobody who waits.
    private Task<bool> Arrival() => _arrival ??= _channel.Reader.WaitToReadAsync().AsTask();

    private bool Wait(TimeSpan atMost)
    {
        // Minus one millisecond would be for ever.
        if (atMost < TimeSpan.Zero || !Arrival().Wait(atMost))
            return false;
        bool hasCome = Arrival().Result;
        _arrival = null;
        return hasCome;
    }
}
