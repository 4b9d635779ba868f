using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>What is counted and timed, under the names that docs/hosting.md lists.</summary>
internal sealed class ServingMetrics : IDisposable
{
    public const string Name = "PermutedSegmentation";

    private readonly Meter? _owned;
    private readonly Counter<long> _requests, _images, _loads;
    private readonly Histogram<double> _requestSeconds, _batchSeconds;
    private readonly Histogram<int> _batchSizes;

    public ServingMetrics(IServiceProvider services)
    {
        // A factory owns the meters that it makes.
        Meter meter = services.GetService<IMeterFactory>()?.Create(Name) ?? (_owned = new Meter(Name));
        _requests = meter.CreateCounter<long>("segmentation.requests", "{request}", "Requests that have ended, by outcome.");
        _images = meter.CreateCounter<long>("segmentation.images", "{image}", "Images that the network has labeled.");
        _loads = meter.CreateCounter<long>("segmentation.loads", "{load}", "Attempts to load a model, by outcome.");
        _requestSeconds = meter.CreateHistogram<double>("segmentation.request.duration", "s", "From a request to its answer.");
        _batchSeconds = meter.CreateHistogram<double>("segmentation.batch.duration", "s", "The network's time for a batch.");
        _batchSizes = meter.CreateHistogram<int>("segmentation.batch.size", "{image}", "Images that run through the network together.");
        meter.CreateObservableGauge("segmentation.queue.length", () => QueueLength?.Invoke() ?? 0, "{request}", "Requests that wait.");
    }

    public static ActivitySource Activities { get; } = new(Name);

    /// <summary>Tells how many requests wait.</summary>
    public Func<int>? QueueLength { get; set; }

    public void CountRequest(string outcome, TimeSpan duration)
    {
        _requests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        if (outcome == "answered")
            _requestSeconds.Record(duration.TotalSeconds);
    }

    public void CountBatch(int images, TimeSpan duration)
    {
        _images.Add(images);
        _batchSizes.Record(images);
        _batchSeconds.Record(duration.TotalSeconds);
    }

    public void CountLoad(bool succeeded) => _loads.Add(1, new KeyValuePair<string, object?>("outcome", succeeded ? "loaded" : "failed"));

    public void Dispose() => _owned?.Dispose();
}
