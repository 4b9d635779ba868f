using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>The native memory of a model: its network, and the form of it that scores; of a model that only scores, that form alone.</summary>
internal sealed class ModelNetworks : IDisposable
{
    private readonly TorchNetwork? _network;
    private readonly Lazy<ScoringNetwork> _scoring;
    private readonly int _imageHeight, _imageWidth;
    private readonly ScoringPrecision _precision;

    /// <param name="network">A network, which it owns from now on.</param>
    /// <param name="imageHeight">Height of the images that it will run on.</param>
    /// <param name="imageWidth">Width of these images.</param>
    /// <param name="precision">The numbers in which it scores.</param>
    public ModelNetworks(TorchNetwork network, int imageHeight, int imageWidth, ScoringPrecision precision)
    {
        (_network, _imageHeight, _imageWidth, _precision) = (network, imageHeight, imageWidth, precision);
        _network.Train(false);
        _scoring = new Lazy<ScoringNetwork>(MakeScoring);
    }

    private ModelNetworks(ScoringNetwork scoring) => _scoring = new Lazy<ScoringNetwork>(scoring);

    /// <summary>The network as it runs: with plain weights when unlocked or unprotected, with protected weights when locked.</summary>
    /// <exception cref="InvalidOperationException">The model only scores.</exception>
    public TorchNetwork Network => _network ?? throw new InvalidOperationException(
        "This model only scores, as those of ForScoring and TorchSegmenter do: its weights are no longer there to be saved, exported or changed. Take the model that it was made from, or load its file with mlContext.Model.Load.");

    /// <summary>
    /// The same network in the form that scores. Beside the network it is a second copy of the weights in memory, so it is not made before the
    /// first prediction: a model that is only unlocked or saved does without.
    /// </summary>
    public ScoringNetwork Scoring => _scoring.Value;

    /// <summary>The form that scores alone, in memory of its own.</summary>
    /// <exception cref="InvalidOperationException">The model only scores already.</exception>
    public ModelNetworks ForScoring() => new(MakeScoring());

    /// <summary>Moves the network to a device, before the form of it is made that scores: that stays where it is.</summary>
    public void MoveTo(Device device) => _network?.MoveTo(device);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_scoring.IsValueCreated)
            _scoring.Value.Dispose();
        _network?.Dispose();
    }

    private ScoringNetwork MakeScoring() => new(Network, _imageHeight, _imageWidth, precision: _precision);
}
