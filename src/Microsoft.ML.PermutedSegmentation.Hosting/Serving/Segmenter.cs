using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>Requests, from callers to the network and back.</summary>
internal sealed class Segmenter : ISegmenter, IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(30), LongestBatch = TimeSpan.FromSeconds(10);

    private readonly int _mostTogether;
    private readonly RequestQueue _queue;
    private readonly ModelSource _models;
    private readonly BatchRunner _runner;
    private readonly ServingMetrics _metrics;
    private volatile bool _isStopped;
    private Task? _stop;

    public Segmenter(IOptions<SegmentationOptions> options, ModelSource models, ServingMetrics metrics, ILogger<Segmenter> logger)
    {
        (_models, _metrics) = (models, metrics);
        _mostTogether = options.Value.MaximumBatchSize;
        _queue = new RequestQueue(options.Value.QueueCapacity, _mostTogether, options.Value.BatchDelay);
        metrics.QueueLength = () => _queue.Count;
        _runner = new BatchRunner(_queue, models, metrics, logger);
        models.Start();
    }

    public ServedModel? Model => _models.Model;

    /// <summary>Since when the network has not answered; null: it never has.</summary>
    public TimeSpan? SinceLastSuccess => _runner.SinceLastSuccess;

    public async Task<SegmentedImage> SegmentAsync(MLImage image, bool withProbabilities = false, CancellationToken cancellationToken = default)
    {
        RgbPixels.RequireStraightColors(image, 0, nameof(image));
        cancellationToken.ThrowIfCancellationRequested();
        using Activity? activity = ServingMetrics.Activities.StartActivity("segment");
        long start = Stopwatch.GetTimestamp();
        string outcome = "failed";
        try
        {
            SegmentationRequest request = Enqueue(image, withProbabilities);
            using CancellationTokenRegistration takingBack = cancellationToken.UnsafeRegister(_ => request.TakeBack(cancellationToken), null);
            SegmentationRequest.Answer answer = await request.Answered.ConfigureAwait(false);
            activity?.SetTag("segmentation.batch.size", answer.BatchSize).SetTag("segmentation.waited", request.Waited.TotalSeconds);
            var result = new SegmentedImage(answer.Model, answer.Scored, image.Height, image.Width, request.Waited, answer.Scoring, answer.BatchSize);
            outcome = "answered";
            return result;
        }
        catch (Exception exception)
        {
            outcome = exception switch
            {
                SegmentationBusyException => "busy",
                SegmentationUnavailableException => "unavailable",
                OperationCanceledException => "cancelled",
                _ => "failed",
            };
            activity?.SetStatus(ActivityStatusCode.Error, outcome);
            throw;
        }
        finally
        {
            _metrics.CountRequest(outcome, Stopwatch.GetElapsedTime(start));
        }
    }

    /// <summary>Lets no more requests in, and waits until those that wait are answered; when the caller cannot wait any longer, they are refused.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        // The host and the container both ask.
        lock (_queue)
            return _stop ??= StopOnceAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(LongestStop);
        await StopAsync(limit.Token).ConfigureAwait(false);
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        _isStopped = true;
        _queue.Close();
        Task ended = _runner.Ended;
        await Task.WhenAny(ended, Task.Delay(Timeout.Infinite, cancellationToken)).ConfigureAwait(false);
        _runner.Refuse();
        await Task.WhenAny(ended, Task.Delay(LongestBatch, CancellationToken.None)).ConfigureAwait(false);
        // A network that does not come back still has the model.
        if (ended.IsCompleted)
            _models.Dispose();
    }

    private SegmentationRequest Enqueue(MLImage image, bool withProbabilities)
    {
        if (_isStopped || _models.Model is null)
            throw new SegmentationUnavailableException(_isStopped ? "The application stops." : _models.Problem?.Message ?? "There is no model.");
        var request = new SegmentationRequest(image, withProbabilities);
        if (_queue.TryAdd(request))
            return request;
        if (_isStopped)
            throw new SegmentationUnavailableException("The application stops.");
        int waiting = _queue.Count;
        throw new SegmentationBusyException(waiting, (waiting / _mostTogether + 1) * _runner.MeanBatchTime);
    }
}
