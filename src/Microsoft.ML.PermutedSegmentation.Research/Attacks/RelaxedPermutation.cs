using Microsoft.ML.PermutedSegmentation.Tensors;
using Microsoft.ML.PermutedSegmentation.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>
/// Learns permutations by gradients: each keyed map is read through a doubly stochastic matrix, whose temperature falls until it is
/// nearly a permutation.
/// </summary>
internal static class RelaxedPermutation
{
    private const double FirstTemperature = 1, LastTemperature = 0.05;
    private const double Rate = 0.1;

    /// <param name="stolen">The model.</param>
    /// <param name="batches">A labelled batch for each step.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="generator">Where the first matrices come from.</param>
    public static Dictionary<FeatureMaps, int[]> Guess(StolenModel stolen, Func<LabeledBatch> batches, int steps, Generator generator)
    {
        using TorchNetwork network = stolen.Copy();
        foreach ((_, Parameter parameter) in network.Parameters)
            parameter.requires_grad = false;
        using var scope = NewDisposeScope();
        // Equal values would have equal gradients.
        Dictionary<FeatureMaps, Parameter> logarithms = stolen.KeyedMaps.ToDictionary(map => map, map =>
        {
            int channels = stolen.Description.Layout.Find(map).Channels;
            return new Parameter(randn([channels, channels], generator: generator).Multiply(0.01).to(stolen.Device));
        });
        using var optimizer = new AdamWOptimizer([.. logarithms.Select(entry => ($"{entry.Key}", entry.Value))], weightDecay: 0, meanDecay: 0.9);
        for (int step = 0; step < steps; step++)
        {
            using var inner = NewDisposeScope();
            double temperature = FirstTemperature * Math.Pow(LastTemperature / FirstTemperature, (double)step / steps);
            using LabeledBatch batch = batches().To(stolen.Device);
            if (batch.CountedPixels == 0)
                continue;
            Dictionary<FeatureMaps, Tensor> matrices = logarithms.ToDictionary(entry => entry.Key, entry => Sinkhorn.Normalize(entry.Value.Over(temperature)));
            Tensor scores = LiteralForm.Forward(network, batch.Images, matrices);
            optimizer.Clear();
            TensorLabels.Loss(scores, batch.Labels).backward();
            optimizer.Step(Rate);
        }
        using var noGrad = no_grad();
        return logarithms.ToDictionary(entry => entry.Key, entry => LiteralForm.ToOrder(Sinkhorn.Normalize(entry.Value.Over(LastTemperature))));
    }
}
