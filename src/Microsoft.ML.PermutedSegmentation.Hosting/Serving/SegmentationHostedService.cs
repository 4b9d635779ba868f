using Microsoft.Extensions.Hosting;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>Starts and stops the segmenter with the application.</summary>
internal sealed class SegmentationHostedService(Segmenter segmenter) : IHostedService
{
    // It has started: the service was made.
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => segmenter.StopAsync(cancellationToken);
}
