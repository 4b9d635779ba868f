using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// All that a training hands from one epoch to the next. What else it needs follows from its options and the number of the epoch:
/// the learning rate (<see cref="LearningRateSchedule"/>) and the random numbers (<see cref="TrainingRandom"/>).
/// </summary>
internal sealed class TrainingState : IDisposable
{
    /// <param name="network">The network with its initial weights; it stays the caller's.</param>
    /// <param name="options">How it is trained.</param>
    public TrainingState(TorchNetwork network, PermutedSegmentationTrainer.Options options)
    {
        Network = network;
        Optimizer = NetworkOptimizer.Create([.. network.LearnedParameters], options);
        Average = options.WeightAveraging > 0 ? new WeightAverage(network, options.WeightAveraging) : null;
        Best = new Snapshot(Judged);
    }

    public TorchNetwork Network { get; }

    public NetworkOptimizer Optimizer { get; }

    /// <summary>The average of the network's weights; null when there is none.</summary>
    public WeightAverage? Average { get; }

    /// <summary>What validation judges, and what becomes the model: the average where there is one.</summary>
    public TorchNetwork Judged => Average?.Network ?? Network;

    /// <summary>The weights of the best epoch.</summary>
    public Snapshot Best { get; }

    /// <summary>Where the training is: the epochs that are behind it.</summary>
    public TrainingPosition Position { get; set; } = new();

    /// <summary>All tensors that change, in the same order each time: of which part of the state, of which parameter. No copies.</summary>
    public IEnumerable<(string Part, string Parameter, Tensor Value)> Tensors() =>
    [
        .. Network.State.Select(entry => ("weights", entry.Key, entry.Value)),
        .. Optimizer.Memory,
        .. Average?.Network.State.Select(entry => ("average", entry.Key, entry.Value)) ?? [],
        .. Best.Weights.Select(entry => ("best", entry.Key, entry.Value)),
    ];

    /// <summary>Gives the network the weights of the best epoch.</summary>
    public void Finish() => Best.Restore(Network);

    /// <inheritdoc/>
    public void Dispose()
    {
        Optimizer.Dispose();
        Average?.Dispose();
        Best.Dispose();
    }
}
