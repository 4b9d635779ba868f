namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>A segmentation model, of this package or of another.</summary>
internal interface IKeyedSegmenter : IKeyedTransformer, IDisposable
{
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

    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    void ThrowIfDisposed();
}
