using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Runs a network over one image at a time.</summary>
internal interface IImageScorer : IPredictions, IDisposable
{
    /// <summary>Whether the next runs make probabilities, too.</summary>
    bool WithProbabilities { get; set; }

    /// <summary>Whether images may be so large that each is freed before the next one comes.</summary>
    bool ReadsLargeImages { get; }

    /// <summary>Runs the network over an image of any size; what it made of an earlier one is gone. The image is not needed afterwards.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    void Run(MLImage image);
}
