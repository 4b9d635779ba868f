using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ServiceTests.Hosting;

/// <summary>What is counted and traced.</summary>
public sealed class ServingMetricsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeModel _model = new();
    private readonly Dictionary<string, double> _sums = [];

    [Fact]
    public async Task Requests_images_batches_and_loads_are_counted()
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == "PermutedSegmentation")
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument.Name + " > 0", value > 0 ? 1 : 0, tags));
        listener.Start();
        using var activities = new ActivityListener { ShouldListenTo = source => source.Name == "PermutedSegmentation", Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData };
        var stopped = new List<Activity>();
        activities.ActivityStopped = activity =>
        {
            lock (stopped)
                stopped.Add(activity);
        };
        ActivitySource.AddActivityListener(activities);

        await using (Served served = await Served.With(_model, _folder.Write("model.zip", [1]), options => (options.QueueCapacity, options.MaximumBatchSize) = (2, 2)))
        {
            _model.Running.Reset();
            _model.Gate.Reset();
            Task<SegmentedImage> first = served.Segmenter.SegmentAsync(FakeModel.Image(1));
            await Served.Eventually(() => _model.Running.IsSet);
            using var cancellation = new CancellationTokenSource();
            Task<SegmentedImage> second = served.Segmenter.SegmentAsync(FakeModel.Image(2)), third = served.Segmenter.SegmentAsync(FakeModel.Image(2), cancellationToken: cancellation.Token);
            await Assert.ThrowsAsync<SegmentationBusyException>(() => served.Segmenter.SegmentAsync(FakeModel.Image(3)));
            listener.RecordObservableInstruments();
            cancellation.Cancel();
            _model.Gate.Set();
            await Task.WhenAll(first, second);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        }

        _sums.Should().BeEquivalentTo(new Dictionary<string, double>
        {
            ["segmentation.loads loaded"] = 1,
            ["segmentation.queue.length"] = 2,
            ["segmentation.requests answered"] = 2,
            ["segmentation.requests busy"] = 1,
            ["segmentation.requests cancelled"] = 1,
            ["segmentation.request.duration > 0"] = 2,
            ["segmentation.images"] = 2,
            ["segmentation.batch.size"] = 2,
            ["segmentation.batch.duration > 0"] = 2,
        });
        stopped.Select(activity => activity.Status).Should().BeEquivalentTo([ActivityStatusCode.Unset, ActivityStatusCode.Unset, ActivityStatusCode.Error, ActivityStatusCode.Error]);
    }

    public void Dispose() => _folder.Dispose();

    private void Add(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
            name += $" {tag.Value}";
        lock (_sums)
            _sums[name] = _sums.GetValueOrDefault(name) + value;
    }
}
