namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The progress of a training; reported through <see cref="PermutedSegmentationTrainer.Options.Progress"/>.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Epoch">Number of the epoch, from 1; 0 while reading; the last finished one when resuming.</param>
/// <param name="EpochCount">Epochs of the whole training; 0 while reading, if the number follows from the data.</param>
/// <param name="Step">Steps done in this phase.</param>
/// <param name="StepCount">Steps of this phase; 0 when not known.</param>
/// <param name="LearningRate">Learning rate of the last step.</param>
/// <param name="TrainingLoss">Mean loss per pixel (<see cref="SegmentationLoss"/>) over the epoch so far; NaN before the first step.</param>
/// <param name="ValidationLoss">The same over the validation rows; NaN before the end of the epoch.</param>
/// <param name="ValidationMeanIntersectionOverUnion">Mean IoU over the validation rows, at the network's image size; NaN before the end of the epoch.</param>
/// <param name="IsBest">True when an epoch has ended with the lowest validation loss so far: its weights are kept.</param>
/// <param name="Elapsed">Time since the training began, without the breaks between runs if it continued from a checkpoint.</param>
public sealed record TrainingProgress(
    TrainingPhase Phase,
    int Epoch,
    int EpochCount,
    int Step,
    int StepCount,
    double LearningRate,
    double TrainingLoss,
    double ValidationLoss,
    double ValidationMeanIntersectionOverUnion,
    bool IsBest,
    TimeSpan Elapsed);
