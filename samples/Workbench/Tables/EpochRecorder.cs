using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Tables;

/// <summary>Keeps what is told about each epoch, and passes everything on.</summary>
internal sealed class EpochRecorder(IProgress<TrainingProgress> next) : IProgress<TrainingProgress>
{
    private readonly List<EpochResult> _epochs = [];

    public IReadOnlyList<EpochResult> Epochs => _epochs;

    public void Report(TrainingProgress value)
    {
        if (value.Phase == TrainingPhase.EpochCompleted)
            _epochs.Add(new EpochResult(
                value.Epoch, value.LearningRate, value.TrainingLoss, value.ValidationLoss, value.ValidationMeanIntersectionOverUnion, value.IsBest));
        next.Report(value);
    }
}
