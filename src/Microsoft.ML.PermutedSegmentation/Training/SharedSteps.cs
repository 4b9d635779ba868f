using Microsoft.ML.PermutedSegmentation.Distribution;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>What the processes of a training do together, step by step: each has a share of a batch's images, and all take the same step.</summary>
internal sealed class SharedSteps : IDisposable
{
    private readonly IProcessGroup _group;
    private readonly TorchNetwork _network;
    private readonly GradientSums _gradients;
    private readonly SharedLearning _learning;

    /// <param name="group">The processes.</param>
    /// <param name="network">What learns.</param>
    /// <param name="synchronizesNorm">Whether batch norm takes the statistics of all processes' images.</param>
    public SharedSteps(IProcessGroup group, TorchNetwork network, bool synchronizesNorm)
    {
        (_group, _network) = (group, network);
        _gradients = new GradientSums(network, group);
        _network.Shared = _learning = new SharedLearning(group, synchronizesNorm);
    }

    /// <summary>Before a part of a batch goes through the network.</summary>
    /// <param name="share">Which of its images this process has.</param>
    /// <param name="isLast">Whether the gradients are complete with it, and may travel.</param>
    public void Begin(ImageShare share, bool isLast) =>
        (_learning.Images, _learning.GradientsBehind) = (share, isLast ? _gradients.SendBehind : null);

    /// <summary>After a part's backward pass.</summary>
    /// <exception cref="IOException">Another process has given up.</exception>
    public void CheckBackward() => _learning.ThrowIfFailed();

    /// <summary>Replaces the gradients by those of the whole batch.</summary>
    /// <exception cref="IOException">Another process has given up.</exception>
    public void SumGradients() => _gradients.Finish();

    /// <summary>The loss of all processes' images. Whatever one of them decides by, all have: the loss, and whether one was cancelled.</summary>
    /// <exception cref="AgreedCancellationException">One of them was; all have this exception.</exception>
    public LossSum Sum(LossSum own, CancellationToken cancellation)
    {
        double[] sums = _group.Sum(own.Loss, own.Weight, cancellation.IsCancellationRequested ? 1 : 0);
        return sums[2] > 0 ? throw new AgreedCancellationException(cancellation) : new LossSum(sums[0], sums[1]);
    }

    /// <summary>At the end of an epoch: batch norm statistics become the mean of all processes', if each took its own.</summary>
    public void AgreeOnStatistics(TrainingState state)
    {
        if (_learning.SynchronizesNorm)
            return;
        string[] names = [.. _network.MovingStatistics];
        SharedStart.AverageStatistics(_group, _network, names);
        if (state.Average is { } average)
            SharedStart.AverageStatistics(_group, average.Network, names);
    }

    /// <summary>Adds what the other processes have counted.</summary>
    public void AddOthers(SegmentationEvaluator evaluator) => evaluator.AddOthers(_group);

    /// <summary>What was sent so far and how long it took, for people.</summary>
    public string Describe()
    {
        (TimeSpan total, TimeSpan waited) = _gradients.Time;
        return FormattableString.Invariant($"Sums of gradients so far: {_gradients.BytesSent / 1e6:F0} MB sent, {total.TotalSeconds:F1} s, of which backward has hidden {(total > waited ? (total - waited) / total : 0):P0}.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _network.Shared = null;
        _gradients.Dispose();
    }
}
