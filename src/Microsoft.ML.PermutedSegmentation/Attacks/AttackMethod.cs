namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What is tried on a stolen model. Whoever tries it has the model's file and knows the method, but not the key.</summary>
public enum AttackMethod
{
    /// <summary>Runs the model as it is in its file: the paper's No-perm (Sec. III-C).</summary>
    NoKey,

    /// <summary>
    /// Runs the model with a key that agrees with the right one in part: of each keyed map a share of the channels is misplaced.
    /// No attack by itself, but what an attack that finds the other channels is worth.
    /// </summary>
    PartlyRightKey,

    /// <summary>Trains the weights that read the keyed maps on labelled images, and keeps all others.</summary>
    FineTuneReaders,

    /// <summary>Trains all weights on labelled images, starting from the stolen ones.</summary>
    FineTuneAll,

    /// <summary>Trains the same network on the same images from random weights: what these images are worth without the stolen model.</summary>
    TrainFromScratch,
}
