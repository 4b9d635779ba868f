namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// What is tried on a stolen model. Whoever tries it has the model's file and knows the method, but not the key. Those attacks
/// that look for the permutations leave a guess of each keyed map's order, and the model is run with it.
/// </summary>
public enum AttackMethod
{
    /// <summary>Runs the model as it is in its file: the paper's No-perm (Sec. III-C).</summary>
    NoKey,

    /// <summary>
    /// Runs the model with a key that agrees with the right one in part: of each keyed map a share of the channels is misplaced.
    /// No attack by itself, but what an attack that finds the other channels is worth.
    /// </summary>
    PartlyRightKey,

    /// <summary>
    /// Matches weights with public ones that the model is known to have been trained from, channel by channel of what reads a keyed
    /// map, by linear assignment. Takes <see cref="AttackOptions.PublicWeights"/> and no images.
    /// </summary>
    PublicWeights,

    /// <summary>
    /// Looks for the order in which the readers of a keyed map would compute what their batch norm remembers, from means and
    /// covariances of the map's channels, by linear assignments (Frank and Wolfe, 1956). Takes images without masks. Map 6 has no
    /// such reader, and stays as it is in the file; of a model with that map alone this is not tried.
    /// </summary>
    ActivationStatistics,

    /// <summary>Swaps two channels of a keyed map at a time, and keeps what lowers the loss on labelled images.</summary>
    GreedySwaps,

    /// <summary>
    /// Learns the permutations from labelled images by gradients, as doubly stochastic matrices (Sinkhorn; Mena et al., "Learning
    /// Latent Permutations with Gumbel-Sinkhorn Networks", 2018) that become permutations in the end.
    /// </summary>
    RelaxedPermutation,

    /// <summary>Trains the weights that read the keyed maps on labelled images, and keeps all others.</summary>
    FineTuneReaders,

    /// <summary>The same, starting from the guess of <see cref="ActivationStatistics"/>.</summary>
    StatisticsThenFineTuneReaders,

    /// <summary>Trains all weights on labelled images, starting from the stolen ones.</summary>
    FineTuneAll,

    /// <summary>Trains the same network on the same images from random weights: what these images are worth without the stolen model.</summary>
    TrainFromScratch,
}
