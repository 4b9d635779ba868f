namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>A transformer of another package that may stand before a model in its chain, and that the model's key unlocks, too: it encrypts images.</summary>
internal interface IKeyedTransformer : ITransformer
{
    /// <summary>What a message calls it, such as "block-wise encryption".</summary>
    string Name { get; }

    /// <summary>Whether it has a key, right or wrong.</summary>
    bool IsUnlocked { get; }

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    bool? Matches(PermutationKey key);

    /// <summary>The same under a key; a wrong one is logged, or refused when verifying.</summary>
    IKeyedTransformer Unlock(PermutationKey key, bool verify);

    /// <summary>The same under a key, right or wrong, or locked when null; nothing is checked or logged.</summary>
    IKeyedTransformer With(PermutationKey? key);
}
