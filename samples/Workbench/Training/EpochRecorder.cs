using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Training;

/// <summary>Keeps what is told about each epoch, and passes everything on.</summary>
internal sealed class EpochRecorder(IProgress<TrainingProgress>? next = null) : IProgress<TrainingProgress>
{
    private readonly List<EpochResult> _epochs = [];

    public IReadOnlyList<EpochResult> Epochs => _epochs;

    /// <summary>Begins with epochs of an earlier run of the same training.</summary>
    public void Start(IEnumerable<EpochResult> earlier)
    {
        _epochs.Clear();
        _epochs.AddRange(earlier);
    }

    public void Report(TrainingProgress value)
    {
        if (value.Phase == TrainingPhase.EpochCompleted)
        {
            _epochs.Add(new EpochResult(
                value.Epoch, value.LearningRate, value.TrainingLoss, value.ValidationLoss, value.ValidationMeanIntersectionOverUnion, value.IsBest)
            {
                Elapsed = value.Elapsed,
            });
        }
        next?.Report(value);
    }
}
