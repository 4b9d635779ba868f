using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>A training on the attacker's images. Nothing is held out to choose an epoch: few images leave none.</summary>
internal static class FineTuning
{
    private const double LastRate = 0.0001;
    private const double Momentum = 0.9;
    private const double WeightDecay = 0.0005;

    /// <summary>Trains a network.</summary>
    /// <param name="network">The network, which is left in evaluation mode.</param>
    /// <param name="batches">What it learns from.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="only">The parameters that change, with batch norm as it is and without dropout; null for all, as the trainer does it.</param>
    /// <param name="rate">The learning rate at the start.</param>
    /// <param name="device">Where the network is.</param>
    public static void Run(TorchNetwork network, Func<LabeledBatch> batches, int steps, IReadOnlySet<string>? only, double rate, Device device)
    {
        network.Train(only is null);
        foreach ((string name, Parameter parameter) in network.Parameters)
            parameter.requires_grad = only?.Contains(name) ?? true;
        using var optimizer = new MomentumOptimizer([.. network.Parameters.Where(parameter => parameter.Value.requires_grad)], WeightDecay, Momentum);
        var schedule = new LearningRateSchedule(rate, Math.Min(LastRate, rate), steps);
        for (int step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            using LabeledBatch batch = batches().To(device);
            if (batch.CountedPixels == 0)
                continue;
            Tensor loss = TensorLabels.Loss(network.Forward(batch.Images), batch.Labels);
            optimizer.Clear();
            loss.backward();
            optimizer.Step(schedule.After(step));
        }
        network.Train(false);
    }
}
