using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// A model that labels each pixel of an image with its class, whatever runs it: <c>TorchSegmenter</c> or <c>OnnxSegmenter</c>.
/// </summary>
/// <remarks>May be used from several threads at once. Holds native memory: dispose it when done.</remarks>
public interface ISegmentationModel : IDisposable
{
    /// <summary>The classes, in the order of the labels.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>Height in pixels of the images that the network reads.</summary>
    int ImageHeight { get; }

    /// <summary>Width of these images.</summary>
    int ImageWidth { get; }

    /// <summary>Whether a key has been given, right or wrong, or none is needed.</summary>
    bool IsUnlocked { get; }

    /// <summary>Whether there are probabilities of classes besides labels.</summary>
    bool HasProbabilities { get; }

    /// <summary>Labels images of any size; those that are resized to the network's size run through it together.</summary>
    /// <param name="images">Images with straight colors, as <see cref="ImageFile"/> reads them; they stay the caller's.</param>
    /// <param name="withProbabilities">Whether probabilities are wanted, too.</param>
    /// <returns>For each image its mask, of the network's size, or of the image's if the model reads it by windows.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="images"/> or one of them is null.</exception>
    /// <exception cref="ArgumentException">An image is transparent and its colors are multiplied by its alpha; or there are too many images.</exception>
    /// <exception cref="InvalidOperationException">There are no probabilities, or more than one array can hold.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    IReadOnlyList<ScoredImage> Score(IReadOnlyList<MLImage> images, bool withProbabilities = false);
}
