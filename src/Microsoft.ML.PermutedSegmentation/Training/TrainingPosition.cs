namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>How far a training has come.</summary>
internal sealed record TrainingPosition
{
    /// <summary>Epochs that have ended.</summary>
    public int Epoch { get; init; }

    /// <summary>The one with the lowest validation loss, from 1; 0 before the first has ended.</summary>
    public int BestEpoch { get; init; }

    /// <summary>Validation loss of that epoch.</summary>
    public double LowestLoss { get; init; } = double.PositiveInfinity;

    /// <summary>Steps of the optimizer so far, where their size depends on it.</summary>
    public long OptimizerSteps { get; init; }

    /// <summary>Time that the training has taken, without breaks.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Where the training is when another epoch has ended.</summary>
    public TrainingPosition After(int epoch, double validationLoss, TimeSpan elapsed)
    {
        bool isBest = validationLoss < LowestLoss;
        return new TrainingPosition
        {
            Epoch = epoch,
            BestEpoch = isBest ? epoch : BestEpoch,
            LowestLoss = isBest ? validationLoss : LowestLoss,
            Elapsed = elapsed,
        };
    }
}
