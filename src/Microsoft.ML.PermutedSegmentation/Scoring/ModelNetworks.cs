namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>The native memory of a model: its network, and the form of it that scores.</summary>
internal sealed class ModelNetworks : IDisposable
{
    private readonly Lazy<ScoringNetwork> _scoring;

    /// <param name="network">A network, which it owns from now on.</param>
    /// <param name="imageHeight">Height of the images that it will run on.</param>
    /// <param name="imageWidth">Width of these images.</param>
    /// <param name="precision">The numbers in which it scores.</param>
    public ModelNetworks(TorchNetwork network, int imageHeight, int imageWidth, ScoringPrecision precision)
    {
        Network = network;
        Network.Train(false);
        _scoring = new Lazy<ScoringNetwork>(() => new ScoringNetwork(Network, imageHeight, imageWidth, precision: precision));
    }

    /// <summary>The network as it runs: with plain weights when unlocked or unprotected, with protected weights when locked.</summary>
    public TorchNetwork Network { get; }

    /// <summary>
    /// The same network in the form that scores. It is a second copy of the weights in memory, so it is not made before the
    /// first prediction: a model that is only unlocked or saved does without.
    /// </summary>
    public ScoringNetwork Scoring => _scoring.Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_scoring.IsValueCreated)
            _scoring.Value.Dispose();
        Network.Dispose();
    }
}
