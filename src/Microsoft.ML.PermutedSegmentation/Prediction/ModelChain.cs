using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Finds segmentation models in what <c>Fit</c> or <c>mlContext.Model.Load</c> returned.</summary>
internal static class ModelChain
{
    /// <summary>The same chain with each segmentation model replaced; other transformers are kept as they are.</summary>
    /// <exception cref="ArgumentException">There is no segmentation model.</exception>
    public static ITransformer Replace(ITransformer model, Func<PermutedSegmentationTransformer, ITransformer> replacement)
        => TryReplace(model, replacement)
            ?? throw new ArgumentException($"There is no {nameof(PermutedSegmentationTransformer)} in this model.", nameof(model));

    /// <summary>The one segmentation model of a chain, and the transformers that run before it.</summary>
    /// <exception cref="ArgumentException">There is none, or it is inside another chain.</exception>
    public static (ITransformer[] Before, PermutedSegmentationTransformer Segmenter) Split(ITransformer model)
    {
        ITransformer[] links = model is ITransformerChainAccessor chain ? chain.Transformers : [model];
        int index = Array.FindIndex(links, link => link is PermutedSegmentationTransformer);
        return index >= 0
            ? (links[..index], (PermutedSegmentationTransformer)links[index])
            : throw new ArgumentException($"There is no {nameof(PermutedSegmentationTransformer)} in this model.", nameof(model));
    }

    private static ITransformer? TryReplace(ITransformer model, Func<PermutedSegmentationTransformer, ITransformer> replacement)
    {
        if (model is PermutedSegmentationTransformer segmentation)
            return replacement(segmentation);
        if (model is not ITransformerChainAccessor chain)
            return null;
        ITransformer?[] replaced = [.. chain.Transformers.Select(link => TryReplace(link, replacement))];
        return replaced.All(link => link is null)
            ? null
            : new TransformerChain<ITransformer>(chain.Transformers.Zip(replaced, (link, other) => other ?? link), chain.Scopes);
    }
}
