namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What another package does to initial weights before the first step.</summary>
/// <param name="Change">Changes the weights of the network, given what the key does to them.</param>
internal sealed record InitialWeightsHook(Action<TorchNetwork, WeightProtection> Change)
{
    /// <summary>The name of its option, which checkpoints keep.</summary>
    public const string Option = "ReadInitialWeightsThroughPermutation";
}
