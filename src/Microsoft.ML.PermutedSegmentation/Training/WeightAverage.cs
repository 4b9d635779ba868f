using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// An exponential moving average of a network's weights and batch norm statistics over the steps of its training (Polyak and Juditsky, 1992):
/// it follows the same path, without the noise of single batches.
/// </summary>
internal sealed class WeightAverage : IDisposable
{
    private readonly TorchNetwork _source;
    private readonly double _decay;

    /// <param name="source">The network that learns; it stays the caller's.</param>
    /// <param name="decay">Share of the average that a step leaves, between 0 and 1.</param>
    public WeightAverage(TorchNetwork source, double decay)
    {
        (_source, _decay) = (source, decay);
        using var noGrad = no_grad();
        Network = TorchNetwork.FromState(source.Layout, source.State.ToDictionary(entry => entry.Key, entry => Snapshot.Copy(entry.Value)));
    }

    /// <summary>A network with the average, for scoring.</summary>
    public TorchNetwork Network { get; }

    /// <summary>Takes the weights after a step into the average.</summary>
    /// <param name="steps">Steps so far, from 1. The first ones count for more, so that the start is soon forgotten.</param>
    public void Add(long steps)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        double decay = Math.Min(_decay, steps / (steps + 9.0));
        Tensor share = tensor((float)(1 - decay), device: Network.Device);
        // Unlike a sum of products this leaves what does not change, such as frozen weights, as it is, bit for bit.
        foreach ((string name, Tensor average) in Network.State)
            average.lerp_(_source.State[name], share);
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
