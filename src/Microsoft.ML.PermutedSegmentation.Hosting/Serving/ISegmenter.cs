using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Labels the pixels of images with a model that <c>services.AddSegmentation</c> keeps unlocked in memory. Requests that come at about the same time run
/// through the network together; another model file takes the old one's place without a request being dropped.
/// </summary>
/// <remarks>May be used from any number of threads.</remarks>
public interface ISegmenter
{
    /// <summary>The model that requests are answered with; null: none is loaded.</summary>
    ServedModel? Model { get; }

    /// <summary>Labels an image.</summary>
    /// <param name="image">An image of any size, with straight colors as <see cref="ImageFile"/> reads it. It stays the caller's, who may dispose it when the task has ended.</param>
    /// <param name="withProbabilities">Whether <see cref="SegmentedImage.Scored"/> has probabilities.</param>
    /// <param name="cancellationToken">Takes the request back while it waits; one that is being scored is answered.</param>
    /// <returns>The mask, of the image's size.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="ArgumentException">The image is transparent and its colors are multiplied by its alpha.</exception>
    /// <exception cref="SegmentationBusyException">So many requests wait already that this one is refused at once.</exception>
    /// <exception cref="SegmentationUnavailableException">There is no model, since it was not loaded yet or cannot be, or the application stops.</exception>
    /// <exception cref="InvalidOperationException">The model has no probabilities, or more than one array can hold.</exception>
    /// <exception cref="OperationCanceledException">The request was taken back.</exception>
    Task<SegmentedImage> SegmentAsync(MLImage image, bool withProbabilities = false, CancellationToken cancellationToken = default);
}
