namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What a training is doing.</summary>
public enum TrainingPhase
{
    /// <summary>Decoding images and masks for the first time; steps are rows.</summary>
    Reading,

    /// <summary>A checkpoint was found: the training goes on after the epoch that is reported.</summary>
    Resuming,

    /// <summary>Learning; steps are batches.</summary>
    Training,

    /// <summary>Measuring the loss on the validation rows.</summary>
    Validating,

    /// <summary>An epoch has ended and its losses are known.</summary>
    EpochCompleted,
}
