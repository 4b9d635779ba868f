namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What another package does to initial weights before the first step.</summary>
/// <param name="Option">The name of its option.</param>
/// <param name="Change">Changes the weights of the network, given what the key does to them.</param>
internal sealed record InitialWeightsHook(string Option, Action<FcnNetwork, WeightProtection> Change);
