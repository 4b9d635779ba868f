using System.Diagnostics;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>An image that waits for the network.</summary>
internal sealed class SegmentationRequest(MLImage image, bool withProbabilities)
{
    private readonly TaskCompletionSource<Answer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _since = Stopwatch.GetTimestamp();
    private int _isTaken;

    public MLImage Image => image;

    public bool WithProbabilities => withProbabilities;

    /// <summary>Ends when the network no longer needs the image.</summary>
    public Task<Answer> Answered => _answer.Task;

    /// <summary>How long it has waited when it is taken.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Whether the network may have it; false: it was taken back.</summary>
    public bool TryTake()
    {
        if (Interlocked.Exchange(ref _isTaken, 1) != 0)
            return false;
        Waited = Stopwatch.GetElapsedTime(_since);
        return true;
    }

    /// <summary>Takes it back, unless the network has it already.</summary>
    public void TakeBack(CancellationToken cancelled)
    {
        if (Interlocked.Exchange(ref _isTaken, 1) == 0)
            _answer.TrySetCanceled(cancelled);
    }

    public void Complete(Answer answer) => _answer.TrySetResult(answer);

    public void Fail(Exception exception) => _answer.TrySetException(exception);

    /// <summary>What the network made of it.</summary>
    internal sealed record Answer(ServedModel Model, ScoredImage Scored, TimeSpan Scoring, int BatchSize);
}
