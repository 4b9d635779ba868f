namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>A link of a chain that may need a key: a segmentation model, or what encrypts images before one.</summary>
internal interface IKeyedTransformer : ITransformer
{
    /// <summary>What a message calls it, such as "model".</summary>
    string Name { get; }

    /// <summary>Whether it needs a key.</summary>
    bool IsProtected { get; }

    /// <summary>Whether it has a key, right or wrong, or needs none.</summary>
    bool IsUnlocked { get; }

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    bool? Matches(PermutationKey key);

    /// <summary>The same under a key; a wrong one is logged, or refused when verifying.</summary>
    /// <exception cref="InvalidOperationException">It needs none.</exception>
    IKeyedTransformer Unlock(PermutationKey key, bool verify);

    /// <summary>The same as its file is.</summary>
    /// <exception cref="InvalidOperationException">It needs no key.</exception>
    IKeyedTransformer Lock();

    /// <summary>The same under a key, right or wrong, or as its file is when null; nothing is checked or logged.</summary>
    IKeyedTransformer With(PermutationKey? key);
}
