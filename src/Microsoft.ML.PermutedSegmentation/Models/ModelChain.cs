using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Finds what a key unlocks, or what shall have another key or none, in what <c>Fit</c> or <c>mlContext.Model.Load</c> returned.</summary>
internal static class ModelChain
{
    /// <summary>The one segmentation model of a chain, and the transformers that run before it.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public static (ITransformer[] Before, PermutedSegmentationTransformer Segmenter) Split(ITransformer model)
    {
        ITransformer[] links = [.. TransformerLinks.Of(model)];
        int index = Array.FindIndex(links, link => link is PermutedSegmentationTransformer);
        if (index < 0)
            throw new ArgumentException($"There is no {nameof(PermutedSegmentationTransformer)} in this model.", nameof(model));
        var segmenter = (PermutedSegmentationTransformer)links[index];
        segmenter.Model.ThrowIfDisposed();
        return (links[..index], segmenter);
    }

    /// <summary>The same chain with all that a key changes unlocked.</summary>
    /// <exception cref="ArgumentException">There is neither a segmentation model nor an encryption of images.</exception>
    /// <exception cref="InvalidOperationException">Nothing needs the key; or the key should be verified and cannot be.</exception>
    public static ITransformer Unlock(IHostEnvironment environment, ITransformer model, PermutationKey key, bool verify)
    {
        // Without an encryption of images an unprotected segmentation model is an error, which the model itself tells.
        bool encryptsImages = Contains(model, link => link is IKeyedTransformer);
        return TransformerLinks.Replace(model, link => link switch
        {
            IKeyedTransformer keyed => keyed.Unlock(key, verify),
            // No key changes it, but the new chain must be able to outlive the old one: it gets its own hold on the weights.
            PermutedSegmentationTransformer { Model.Description.IsProtected: false } plain when encryptsImages
                => new PermutedSegmentationTransformer(environment, plain.Model.With(key)),
            PermutedSegmentationTransformer segmentation => segmentation.Unlock(key, verify),
            _ => null,
        }) ?? throw new ArgumentException($"There is nothing in this model that a key unlocks: no {nameof(PermutedSegmentationTransformer)}.", nameof(model));
    }

    /// <summary>The same chain with its segmentation model protected.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model, or the chain encrypts images with another key.</exception>
    /// <exception cref="InvalidOperationException">The segmentation model cannot be protected.</exception>
    public static ITransformer Protect(ITransformer model, PermutationKey key, FeatureMaps maps, bool storeFingerprint)
    {
        if (Contains(model, link => link is IKeyedTransformer keyed && keyed.Matches(key) == false))
            throw new ArgumentException("This chain encrypts images with another key: the fingerprint differs. Protect its network with that key, so that one key unlocks the chain.", nameof(key));
        return ReplaceSegmenter(model, segmenter => segmenter.Protect(key, maps, storeFingerprint));
    }

    /// <summary>The same chain with its segmentation model as it was before it was protected.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model.</exception>
    /// <exception cref="InvalidOperationException">The chain cannot do without its key, or the key is not known to be the right one.</exception>
    public static ITransformer Unprotect(ITransformer model, PermutationKey key)
    {
        RefuseEncryptedImages(model);
        return ReplaceSegmenter(model, segmenter => segmenter.Unprotect(key));
    }

    /// <summary>The same chain with its segmentation model protected with another key.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model, or the keys are the same.</exception>
    /// <exception cref="InvalidOperationException">The chain cannot have another key, or the old key is not known to be the right one.</exception>
    public static ITransformer Rekey(ITransformer model, PermutationKey oldKey, PermutationKey newKey)
    {
        RefuseEncryptedImages(model);
        return ReplaceSegmenter(model, segmenter => segmenter.Rekey(oldKey, newKey));
    }

    private static void RefuseEncryptedImages(ITransformer model)
    {
        if (Contains(model, link => link is IKeyedTransformer))
            throw new InvalidOperationException("This chain encrypts images with a key, and its network learned from those. It cannot be unprotected or given another key; train a new one.");
    }

    private static ITransformer ReplaceSegmenter(ITransformer model, Func<PermutedSegmentationTransformer, ITransformer> replacement)
        => TransformerLinks.Replace(model, link => link is PermutedSegmentationTransformer segmenter ? replacement(segmenter) : null)
            ?? throw new ArgumentException($"There is no {nameof(PermutedSegmentationTransformer)} in this model.", nameof(model));

    private static bool Contains(ITransformer model, Func<ITransformer, bool> isWanted) => TransformerLinks.Of(model).Any(isWanted);
}
