using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>The transformers that a chain is made of.</summary>
internal static class TransformerLinks
{
    /// <summary>All that run one after the other, also those of chains in chains; a transformer that is not a chain is its own only link.</summary>
    public static IEnumerable<ITransformer> Of(ITransformer model)
        => model is ITransformerChainAccessor chain ? chain.Transformers.SelectMany(Of) : [model];

    /// <summary>The same model with other links in place of some; null where none is replaced.</summary>
    /// <param name="model">A chain, or a link by itself.</param>
    /// <param name="replacement">The other link; null to leave it.</param>
    public static ITransformer? Replace(ITransformer model, Func<ITransformer, ITransformer?> replacement)
    {
        if (replacement(model) is { } other)
            return other;
        if (model is not ITransformerChainAccessor chain)
            return null;
        ITransformer?[] replaced = [.. chain.Transformers.Select(link => Replace(link, replacement))];
        return replaced.All(link => link is null)
            ? null
            : new TransformerChain<ITransformer>(chain.Transformers.Zip(replaced, (link, other) => other ?? link), chain.Scopes);
    }
}
