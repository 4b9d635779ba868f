using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Loads transformers of a type from model files, once a <see cref="SavedTransformerAttribute{T, TLoader}"/> declares it to ML.NET.</summary>
internal interface ISavedTransformer<T>
    where T : class, ITransformer
{
    /// <summary>By what ML.NET knows them.</summary>
    static abstract SavedFormat Format { get; }

    /// <summary>Makes one of what was written.</summary>
    static abstract T Load(IHostEnvironment environment, TransformerReader reader);
}
