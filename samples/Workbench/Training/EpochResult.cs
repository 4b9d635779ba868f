using System.Text.Json.Serialization;

namespace Workbench.Training;

/// <summary>An epoch of a training.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="LearningRate">The learning rate of its last step.</param>
/// <param name="TrainingLoss">Mean loss per pixel.</param>
/// <param name="ValidationLoss">The same over the images held out.</param>
/// <param name="ValidationMeanIntersectionOverUnion">Mean IoU over the images held out.</param>
/// <param name="IsBest">Whether the validation loss was the lowest so far, so that its weights were kept.</param>
internal sealed record EpochResult(
    int Epoch,
    double LearningRate,
    double TrainingLoss,
    double ValidationLoss,
    double ValidationMeanIntersectionOverUnion,
    bool IsBest)
{
    /// <summary>Time from the start of the training to its end.</summary>
    [JsonIgnore]
    public TimeSpan Elapsed { get; init; }
}
