using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>
/// The one thread that runs the network, batch after batch. One is enough, since the network uses all cores; and always the same one, since OpenMP keeps
/// threads for each that calls it.
/// </summary>
internal sealed partial class BatchRunner
{
    private const double Memory = 0.8;

    private readonly RequestQueue _queue;
    private readonly ModelSource _models;
    private readonly ServingMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _refuses;
    private long _lastSuccess;
    private double _meanSeconds;

    public BatchRunner(RequestQueue queue, ModelSource models, ServingMetrics metrics, ILogger logger)
    {
        (_queue, _models, _metrics, _logger) = (queue, models, metrics, logger);
        new Thread(Run) { IsBackground = true, Name = nameof(ISegmenter) }.UnsafeStart();
    }

    /// <summary>Ends when the queue is closed and all that waited is answered.</summary>
    public Task Ended => _ended.Task;

    /// <summary>What a batch takes, going by the last ones.</summary>
    public TimeSpan MeanBatchTime => TimeSpan.FromSeconds(Volatile.Read(ref _meanSeconds));

    /// <summary>Since when no batch has come back from the network; null: none ever has.</summary>
    public TimeSpan? SinceLastSuccess => Volatile.Read(ref _lastSuccess) is var last and not 0 ? Stopwatch.GetElapsedTime(last) : null;

    /// <summary>Refuses all that waits instead of answering it.</summary>
    public void Refuse() => _refuses = true;

    private void Run()
    {
        var batch = new List<SegmentationRequest>();
        while (_queue.Take(batch))
        {
            try
            {
                Answer(batch);
            }
            // The application's logger, or a model's own Dispose: an exception that leaves this thread would end the process.
            catch (Exception exception)
            {
                batch.ForEach(request => request.Fail(exception));
            }
        }
        _ended.SetResult();
    }

    private void Answer(List<SegmentationRequest> batch)
    {
        if (_refuses || _models.Use() is not var (lease, description))
        {
            var reason = new SegmentationUnavailableException(_refuses ? "The application stops." : _models.Problem?.Message ?? "There is no model.");
            batch.ForEach(request => request.Fail(reason));
            return;
        }
        using (lease)
        {
            foreach (var alike in batch.GroupBy(request => request.WithProbabilities))
                Score(lease.Value, description, [.. alike]);
        }
    }

    private void Score(ISegmentationModel network, ServedModel description, SegmentationRequest[] requests)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            IReadOnlyList<ScoredImage> scored = network.Score([.. requests.Select(request => request.Image)], requests[0].WithProbabilities);
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            Remember(took);
            _metrics.CountBatch(requests.Length, took);
            for (int i = 0; i < requests.Length; i++)
                requests[i].Complete(new SegmentationRequest.Answer(description, scored[i], took, requests.Length));
        }
        // One of them may be to blame: the others are not to suffer for it.
        catch (Exception) when (requests.Length > 1)
        {
            foreach (SegmentationRequest request in requests)
                Score(network, description, [request]);
        }
        catch (Exception exception)
        {
            try
            {
                LogFailure(exception, requests[0].Image.Width, requests[0].Image.Height);
            }
            catch (Exception)
            {
                // A log that cannot be written is not to spoil the others.
            }
            requests[0].Fail(exception);
        }
    }

    private void Remember(TimeSpan took)
    {
        double seconds = took.TotalSeconds;
        Volatile.Write(ref _meanSeconds, _lastSuccess == 0 ? seconds : Memory * _meanSeconds + (1 - Memory) * seconds);
        Volatile.Write(ref _lastSuccess, Stopwatch.GetTimestamp());
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An image of {Width} x {Height} pixels could not be segmented.")]
    private partial void LogFailure(Exception exception, int width, int height);
}
