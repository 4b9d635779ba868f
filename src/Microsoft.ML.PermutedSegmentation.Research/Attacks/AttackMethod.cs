namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// An attack on a stolen model. The attacker has the model's file and knows the method, but not the key. Attacks that search
/// for the permutations give a guess of each keyed map's order, and the model is run with it. Of a sealed model the attacker has noise instead of
/// weights, and can only use it as random ones.
/// </summary>
public enum AttackMethod
{
    /// <summary>Runs the model as it is in its file: the paper's No-perm (Sec. III-C).</summary>
    NoKey,

    /// <summary>
    /// Runs the model with a key that is partly right: a share of the channels of each keyed map is misplaced. This is not an
    /// attack, but shows what an attack that finds the other channels is worth.
    /// </summary>
    PartlyRightKey,

    /// <summary>
    /// Matches the weights that read a keyed map, channel by channel, with public ones that the model is known to have been trained
    /// from, by linear assignment. Takes <see cref="AttackOptions.PublicWeights"/> and no images.
    /// </summary>
    PublicWeights,

    /// <summary>
    /// Searches for the order in which the readers of a keyed map would reproduce the statistics in their batch norm, from means
    /// and covariances of the map's channels, by linear assignments (Frank and Wolfe, 1956). Takes images without masks. Map 6
    /// has no such reader, and stays as it is in the file; for a model with that map alone this is not tried.
    /// </summary>
    ActivationStatistics,

    /// <summary>Swaps two channels of a keyed map at a time, and keeps what lowers the loss on labelled images.</summary>
    GreedySwaps,

    /// <summary>
    /// Learns the permutations from labelled images by gradients, as doubly stochastic matrices (Sinkhorn; Mena et al., "Learning
    /// Latent Permutations with Gumbel-Sinkhorn Networks", 2018) that are turned into permutations in the end.
    /// </summary>
    RelaxedPermutation,

    /// <summary>Trains the weights that read the keyed maps on labelled images, and keeps all others.</summary>
    FineTuneReaders,

    /// <summary>The same, starting from the guess of <see cref="ActivationStatistics"/>.</summary>
    StatisticsThenFineTuneReaders,

    /// <summary>The same, starting from the guess of <see cref="PublicWeights"/>.</summary>
    PublicWeightsThenFineTuneReaders,

    /// <summary>Trains all weights on labelled images, starting from the stolen ones.</summary>
    FineTuneAll,

    /// <summary>Trains the same network on the same images from random weights: what these images are worth without the stolen model.</summary>
    TrainFromScratch,

    /// <summary>
    /// Trains the same network on the same images from <see cref="AttackOptions.PublicWeights"/>: what the public weights are worth without the stolen
    /// model.
    /// </summary>
    FineTunePublicWeights,

    /// <summary>
    /// Asks an unlocked copy for the masks of parts of the attacker's images, and trains a network on the answers, from
    /// <see cref="AttackOptions.PublicWeights"/> if there are any. It does not need the file: no protection of files helps against it. The copy is asked
    /// for images of the network's size, whatever its <see cref="ScoringMode"/>.
    /// </summary>
    OracleDistillation,
}
