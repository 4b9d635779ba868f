using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Training;

/// <summary>How fast a training goes, and how long it still takes.</summary>
internal sealed class TrainingPace
{
    private TrainingProgress? _first;
    private double _rate;

    /// <summary>Takes note of a report. Validation and the time between epochs do not count in the rate.</summary>
    public void Add(TrainingProgress progress)
    {
        if (progress.Phase != TrainingPhase.Training)
            return;
        if (_first?.Epoch != progress.Epoch)
            _first = progress;
        else if (progress.Elapsed > _first.Elapsed)
            _rate = (progress.Step - _first.Step) / (progress.Elapsed - _first.Elapsed).TotalSeconds;
    }

    /// <summary>Steps of the optimizer per second in this epoch, for people; empty while not known.</summary>
    public string Rate => _rate > 0 ? $"{_rate:0.0} steps/s" : "";

    /// <summary>How long the epochs behind a finished one take, if they take as long as those up to it, for people.</summary>
    public static string Left(TrainingProgress finished)
    {
        var left = finished.Elapsed / finished.Epoch * (finished.EpochCount - finished.Epoch);
        return left == TimeSpan.Zero ? "" : $"about {(int)left.TotalHours:00}:{left:mm\\:ss} left";
    }
}
