namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>A transformer of another package that may stand before a model in its chain, and that the model's key unlocks, too: it encrypts images.</summary>
internal interface IKeyedTransformer : ITransformer
{
    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    bool? Matches(PermutationKey key);

    /// <summary>The same transformer under a key; a wrong one is logged, or refused when verifying.</summary>
    IKeyedTransformer Unlock(PermutationKey key, bool verify);
}
