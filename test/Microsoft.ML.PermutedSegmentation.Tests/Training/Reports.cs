namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Keeps what a training reports, at once and on its own thread.</summary>
internal sealed class Reports(Action<TrainingProgress>? then = null) : IProgress<TrainingProgress>
{
    public List<TrainingProgress> All { get; } = [];

    public void Report(TrainingProgress value)
    {
        All.Add(value);
        then?.Invoke(value);
    }
}
