using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Serving;

/// <summary>Whether requests are answered with the model and the key that are there now.</summary>
internal sealed class SegmentationHealthCheck(Segmenter segmenter, ModelSource models) : IHealthCheck
{
    // A network that has just answered need not be asked.
    private static readonly TimeSpan Recently = TimeSpan.FromSeconds(30);

    // A pipe, or a disk of a machine that is gone.
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(10), LongestLoad = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Task _asked = Task.CompletedTask;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ModelProblem? problem = models.Problem;
        if (models.Model is null)
            return HealthCheckResult.Unhealthy(problem?.Message ?? "There is no model.");
        if (problem is { IsOfKey: true })
            return HealthCheckResult.Unhealthy($"The key cannot be used: {problem.Message}");
        if (models.WaitsForFiles is { } waited && waited > LongestRead)
            return HealthCheckResult.Unhealthy($"What the model's file or its key lies on has not answered for {waited.TotalSeconds:F0} s.");
        if (segmenter.SinceLastSuccess is not { } since || since > Recently)
        {
            try
            {
                await Ask().WaitAsync(LongestAnswer, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                return HealthCheckResult.Unhealthy($"The network does not answer: {exception.Message}");
            }
        }
        if (models.Loads is { } loads && loads > LongestLoad)
            return HealthCheckResult.Degraded($"Another model has been loading for {loads.TotalSeconds:F0} s, and requests are answered with the one before.");
        return problem is null
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"The model's file cannot be used, and requests are answered with the one before: {problem.Message}");
    }

    // Whoever checks while the network is being asked waits for the same answer: probes are not to fill the queue.
    private Task Ask()
    {
        lock (_lock)
            return _asked.IsCompleted ? _asked = AskAsync() : _asked;
    }

    private async Task AskAsync()
    {
        using MLImage dot = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, [0, 0, 0, byte.MaxValue]);
        await segmenter.SegmentAsync(dot).ConfigureAwait(false);
    }
}
