using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Finds what a key unlocks, or what gets another key or none, in what <c>Fit</c> or <c>mlContext.Model.Load</c> returned.</summary>
internal static class ModelChain
{
    /// <summary>The one segmentation model of a chain.</summary>
    /// <exception cref="ArgumentException">There is none, or there are several.</exception>
    public static PermutedSegmentationTransformer GetSegmenter(ITransformer model) => Find(model).Segmenter;

    /// <summary>The one segmentation model of a chain, and the transformers that run before it.</summary>
    /// <exception cref="ArgumentException">There is none, or there are several.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public static (ITransformer[] Before, PermutedSegmentationTransformer Segmenter) Split(ITransformer model)
    {
        (ITransformer[] before, PermutedSegmentationTransformer segmenter) = Find(model);
        segmenter.Model.ThrowIfDisposed();
        return (before, segmenter);
    }

    /// <summary>The same, for a model of another package, too.</summary>
    /// <exception cref="ArgumentException">There is none, or there are several.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public static (ITransformer[] Before, IKeyedSegmenter Segmenter) SplitKeyed(ITransformer model)
    {
        (ITransformer[] before, IKeyedSegmenter segmenter) = FindKeyed(model);
        segmenter.ThrowIfDisposed();
        return (before, segmenter);
    }

    /// <summary>Whether all that a key changes has one, right or wrong, or needs none.</summary>
    /// <exception cref="ArgumentException">There is nothing that a key changes.</exception>
    public static bool IsUnlocked(ITransformer model)
    {
        RequireKeyed(model);
        return TransformerChains.Links(model).All(link => link is not IKeyedTransformer { IsUnlocked: false });
    }

    /// <summary>The same chain with all that a key changes unlocked.</summary>
    /// <exception cref="ArgumentException">There is nothing that a key changes.</exception>
    /// <exception cref="InvalidOperationException">Nothing needs the key; or the key should be verified and cannot be.</exception>
    public static T Unlock<T>(MLContext context, T model, PermutationKey key, bool verify) where T : class, ITransformer
        => ReplaceKeyed(context, model, link => link.Unlock(key, verify));

    /// <summary>The same chain as its file is.</summary>
    /// <exception cref="ArgumentException">There is nothing that a key changes.</exception>
    /// <exception cref="InvalidOperationException">Nothing has a key.</exception>
    public static T Lock<T>(MLContext context, T model) where T : class, ITransformer
        => ReplaceKeyed(context, model, link => link.Lock());

    /// <summary>The same chain with its segmentation model protected.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model.</exception>
    /// <exception cref="InvalidOperationException">The segmentation model cannot be protected, or the chain encrypts images with another key.</exception>
    public static T Protect<T>(MLContext context, T model, PermutationKey key, ProtectionOptions options) where T : class, ITransformer
    {
        // One key has to unlock the whole chain.
        foreach (IImageEncryption link in TransformerChains.Links(model).OfType<IImageEncryption>())
            KeyVerification.RefuseWrong(link.Matches(key), link.Name);
        return ReplaceSegmenter(context, model, segmenter => segmenter.Protect(key, options));
    }

    /// <summary>The same chain with its segmentation model as it was before it was protected.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model.</exception>
    /// <exception cref="InvalidOperationException">The chain cannot do without its key, or the key is not known to be the right one.</exception>
    public static T Unprotect<T>(MLContext context, T model, PermutationKey key) where T : class, ITransformer
    {
        RefuseEncryptedImages(model);
        return ReplaceSegmenter(context, model, segmenter => segmenter.Unprotect(key));
    }

    /// <summary>The same chain with its segmentation model protected with another key.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model, or the keys are the same.</exception>
    /// <exception cref="InvalidOperationException">The chain cannot have another key, or the old key is not known to be the right one.</exception>
    public static T Rekey<T>(MLContext context, T model, PermutationKey oldKey, PermutationKey newKey) where T : class, ITransformer
    {
        RefuseEncryptedImages(model);
        return ReplaceSegmenter(context, model, segmenter => segmenter.Rekey(oldKey, newKey));
    }

    /// <summary>The same chain with another way to score images.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model.</exception>
    public static T WithScoring<T>(MLContext context, T model, ScoringMode mode, TestTimeAugmentation? augmentation) where T : class, ITransformer
        => ReplaceSegmenter(context, model, segmenter => segmenter.WithScoring(mode, augmentation));

    /// <summary>The same chain that scores in other numbers.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model.</exception>
    public static T WithPrecision<T>(MLContext context, T model, ScoringPrecision precision, IReadOnlyList<MLImage> calibration) where T : class, ITransformer
        => ReplaceSegmenter(context, model, segmenter => segmenter.WithPrecision(precision, calibration));

    /// <summary>The same chain with its weights only in the form that scores.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model.</exception>
    /// <exception cref="InvalidOperationException">It is sealed and has no key, or it only scores already.</exception>
    public static T ForScoring<T>(MLContext context, T model) where T : class, ITransformer => ReplaceSegmenter(context, model, segmenter => segmenter.ForScoring());

    /// <summary>The same chain with other threads that read images.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model.</exception>
    public static T WithInputWorkers<T>(MLContext context, T model, int? workers) where T : class, ITransformer
        => ReplaceSegmenter(context, model, segmenter => segmenter.With(segmenter.Model.Running with { InputWorkers = workers }));

    private static (ITransformer[] Before, PermutedSegmentationTransformer Segmenter) Find(ITransformer model)
        => FindKeyed(model) is var (before, segmenter) && segmenter is PermutedSegmentationTransformer own
            ? (before, own)
            : throw new ArgumentException($"There is no {nameof(PermutedSegmentationTransformer)} in this model, but an ONNX file: OnnxProtection protects and changes it.", nameof(model));

    private static (ITransformer[] Before, IKeyedSegmenter Segmenter) FindKeyed(ITransformer model)
    {
        ITransformer[] links = [.. TransformerChains.Links(model)];
        int index = Array.FindIndex(links, link => link is IKeyedSegmenter);
        if (index < 0)
            throw new ArgumentException($"There is no {nameof(PermutedSegmentationTransformer)} in this model.", nameof(model));
        return links.Count(link => link is IKeyedSegmenter) == 1
            ? (links[..index], (IKeyedSegmenter)links[index])
            : throw new ArgumentException("There is more than one segmentation model in this model; it is unclear which one is meant.", nameof(model));
    }

    private static void RequireKeyed(ITransformer model)
    {
        if (!TransformerChains.Links(model).Any(link => link is IKeyedTransformer))
            throw new ArgumentException($"There is neither a {nameof(PermutedSegmentationTransformer)} nor anything else that a key unlocks in this model.", nameof(model));
    }

    private static void RefuseEncryptedImages(ITransformer model)
    {
        if (TransformerChains.Links(model).OfType<IImageEncryption>().FirstOrDefault() is { } link)
            throw new InvalidOperationException($"This chain encrypts images with a key ({link.Name}), and its network learned from those. It cannot be unprotected or given another key; train a new one.");
    }

    private static T ReplaceKeyed<T>(MLContext context, T model, Func<IKeyedTransformer, IKeyedTransformer> other) where T : class, ITransformer
    {
        RequireKeyed(model);
        // Where something else needs a key, a plain segmentation model needs none. Elsewhere that is an error, which the model itself reports.
        bool isProtected = TransformerChains.Links(model).Any(link => link is IKeyedTransformer { IsProtected: true });
        return (T)TransformerChains.Replace(context, model, link => link switch
        {
            IKeyedTransformer { IsProtected: false } plain when isProtected => plain.With(key: null),
            IKeyedTransformer keyed => other(keyed),
            _ => null,
        });
    }

    private static T ReplaceSegmenter<T>(MLContext context, T model, Func<PermutedSegmentationTransformer, PermutedSegmentationTransformer> replacement)
        where T : class, ITransformer
    {
        _ = Find(model);
        return (T)TransformerChains.Replace(context, model, link => link is PermutedSegmentationTransformer segmenter ? replacement(segmenter) : null);
    }
}
