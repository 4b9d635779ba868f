namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// A link of a chain that was made with the model's key and is not the segmentation model: something that encrypts images before
/// the network reads them.
/// </summary>
internal interface IKeyedLink : ITransformer
{
    /// <summary>What a message calls it, such as "block-wise encryption".</summary>
    string Name { get; }

    /// <summary>Whether it has a key, right or wrong.</summary>
    bool IsUnlocked { get; }

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    bool? Matches(PermutationKey key);

    /// <summary>The same under a key; a wrong one is logged, or refused when verifying.</summary>
    IKeyedLink Unlock(PermutationKey key, bool verify);

    /// <summary>The same under a key, right or wrong, or locked when null; nothing is checked or logged.</summary>
    IKeyedLink With(PermutationKey? key);
}
