using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>A transformer that ML.NET can load from a model file, once a <see cref="SavedTransformerAttribute{T}"/> declares it.</summary>
internal interface ISavedTransformer<TSelf>
    where TSelf : class, ITransformer, ISavedTransformer<TSelf>
{
    /// <summary>By what ML.NET knows it.</summary>
    static abstract SavedFormat Format { get; }

    /// <summary>Makes one of what was written.</summary>
    static abstract TSelf Load(IHostEnvironment environment, ModelReader reader);
}
