using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Chains of transformers, which may hold chains: the one way to walk them and to make others of them.</summary>
internal static class TransformerChains
{
    /// <summary>The transformers that a model consists of, in the order in which they run; none of them is a chain.</summary>
    public static IEnumerable<ITransformer> Links(ITransformer model)
        => model is ITransformerChainAccessor chain ? chain.Transformers.SelectMany(Links) : [model];

    /// <summary>
    /// The same model with other links. Each chain in it keeps its type and its scopes. Links that are not replaced are shared, but
    /// those that hold native memory are copied: each of the two models can be disposed on its own.
    /// </summary>
    /// <param name="context">Saves and loads what is copied.</param>
    /// <param name="model">A transformer or a chain.</param>
    /// <param name="replacement">What stands in for a link; null: it stays.</param>
    public static ITransformer Replace(MLContext context, ITransformer model, Func<ITransformer, ITransformer?> replacement)
    {
        // When one cannot be made, the others are not left behind with their memory.
        var made = new Stack<IDisposable>();
        try
        {
            return Make(model);
        }
        catch
        {
            foreach (IDisposable link in made)
                link.Dispose();
            throw;
        }

        ITransformer Make(ITransformer link)
        {
            if (link is ITransformerChainAccessor chain)
                return Rebuild(chain, [.. chain.Transformers.Select(Make)]);
            ITransformer other = replacement(link) ?? (link is IDisposable ? Copy(context, link) : link);
            if (other is IDisposable owned && other != link)
                made.Push(owned);
            return other;
        }
    }

    // A chain's type tells that of its last link, which a replacement does not change.
    private static ITransformer Rebuild(ITransformerChainAccessor chain, ITransformer[] links) => chain is TransformerChain<ITransformer>
        ? new TransformerChain<ITransformer>(links, chain.Scopes)
        : (ITransformer)chain.GetType().GetConstructor([typeof(IEnumerable<ITransformer>), typeof(IEnumerable<TransformerScope>)])!.Invoke([links, chain.Scopes]);

    // ML.NET gives a transformer no other way to be copied. What it loads as a more general type, predictors, is shared.
    private static ITransformer Copy(MLContext context, ITransformer link)
    {
        using var stream = new MemoryStream();
        context.Model.Save(link, inputSchema: null, stream);
        stream.Position = 0;
        ITransformer copy = Links(context.Model.Load(stream, out _)).Single();
        if (copy.GetType() == link.GetType())
            return copy;
        (copy as IDisposable)?.Dispose();
        return link;
    }
}
