using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// All that a training hands from one epoch to the next. What else it needs follows from its options and the number of the epoch:
/// the learning rate (<see cref="CosineAnnealingWithWarmRestarts"/>) and the random numbers (<see cref="TrainingRandom"/>).
/// </summary>
internal sealed class TrainingState : IDisposable
{
    private readonly List<(string Parameter, Tensor Value)> _momenta = [];

    /// <param name="network">The network with its initial weights; it stays the caller's.</param>
    /// <param name="options">How it is trained.</param>
    public TrainingState(TorchNetwork network, PermutedSegmentationTrainer.Options options)
    {
        Network = network;
        Optimizer = optim.SGD(network.Parameters.Select(parameter => parameter.Value), options.LearningRate, options.Momentum, weight_decay: options.WeightDecay);
        Best = new Snapshot(network);
        if (options.Momentum == 0)
            return;
        // As the optimizer does in its first step, only that it sets them to the first gradients at once.
        foreach (((string name, Parameter parameter), OptimizerState state) in network.Parameters.Zip(Optimizer.state_dict().State))
        {
            Tensor momentum = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
            ((SGD.State)state).momentum_buffer = momentum;
            _momenta.Add((name, momentum));
        }
    }

    public TorchNetwork Network { get; }

    public SGD Optimizer { get; }

    /// <summary>The weights of the best epoch.</summary>
    public Snapshot Best { get; }

    /// <summary>Where the training is: the epochs that are behind it.</summary>
    public TrainingPosition Position { get; set; } = new();

    /// <summary>All tensors that change, in the same order each time: of which part of the state, of which parameter. No copies.</summary>
    public IEnumerable<(string Part, string Parameter, Tensor Value)> Tensors() =>
    [
        .. Network.State.Select(entry => ("weights", entry.Key, entry.Value)),
        .. _momenta.Select(entry => ("momentum", entry.Parameter, entry.Value)),
        .. Best.Weights.Select(entry => ("best", entry.Key, entry.Value)),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        Optimizer.Dispose(); // with the momenta
        Best.Dispose();
    }
}
