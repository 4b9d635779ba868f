using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>The native memory of a model: its network, and the form of it that scores.</summary>
internal sealed class ModelNetworks : IDisposable
{
    private readonly TorchNetwork? _network;
    private readonly Lazy<ScoringNetwork> _scoring;
    private readonly Func<ScoringNetwork> _makeScoring;

    /// <param name="network">A network, which it owns from now on.</param>
    /// <param name="imageHeight">Height of the images that it will run on.</param>
    /// <param name="imageWidth">Width of these images.</param>
    /// <param name="precision">The numbers in which it scores.</param>
    public ModelNetworks(TorchNetwork network, int imageHeight, int imageWidth, ScoringPrecision precision)
    {
        _network = network;
        _network.Train(false);
        _makeScoring = () => new ScoringNetwork(Network, imageHeight, imageWidth, precision: precision);
        _scoring = new Lazy<ScoringNetwork>(_makeScoring);
    }

    // Of a model that only scores.
    private ModelNetworks(ScoringNetwork scoring) => (_scoring, _makeScoring) = (new Lazy<ScoringNetwork>(scoring), () => throw NoWeights());

    /// <summary>The network as it runs: with plain weights when unlocked or unprotected, with protected weights when locked.</summary>
    /// <exception cref="InvalidOperationException">The model only scores.</exception>
    public TorchNetwork Network => _network ?? throw NoWeights();

    /// <summary>
    /// The same network in the form that scores. It is a second copy of the weights in memory, so it is not made before the
    /// first prediction: a model that is only unlocked or saved does without.
    /// </summary>
    public ScoringNetwork Scoring => _scoring.Value;

    /// <summary>The form that scores alone, in memory of its own.</summary>
    /// <exception cref="InvalidOperationException">The model only scores already.</exception>
    public ModelNetworks ForScoring() => new(_makeScoring());

    /// <summary>Moves the network to a device, before any form of it is made that scores: that stays where it is.</summary>
    public void MoveTo(Device device) => _network?.MoveTo(device);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_scoring.IsValueCreated)
            _scoring.Value.Dispose();
        _network?.Dispose();
    }

    private static InvalidOperationException NoWeights() =>
        new("This model only scores (ForScoring): it has let go of the weights that are needed here. Take the model that it was made from, or load its file again.");
}
