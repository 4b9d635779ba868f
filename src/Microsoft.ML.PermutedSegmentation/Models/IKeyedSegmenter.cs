namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>A transformer that predicts masks, and may need a key for it.</summary>
internal interface IKeyedSegmenter : ITransformer, IDisposable
{
    /// <summary>Whether it needs a key.</summary>
    bool IsProtected { get; }

    /// <summary>Whether it does not run without its key.</summary>
    bool IsSealed { get; }

    /// <summary>The classes, in the order of the labels.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>Height in pixels of the images that the network reads.</summary>
    int ImageHeight { get; }

    /// <summary>Width of these images.</summary>
    int ImageWidth { get; }

    /// <summary>The column of the masks.</summary>
    string PredictedLabelColumnName { get; }

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    bool? Matches(PermutationKey key);

    /// <summary>The same under a key, right or wrong, or locked when null; nothing is checked or logged.</summary>
    IKeyedSegmenter With(PermutationKey? key);
}
