using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>Weights from elsewhere that a training starts from.</summary>
internal static class InitialWeights
{
    /// <summary>
    /// Copies into a network what there is of it: of the same network all but a classifier for another number of classes, otherwise the
    /// backbone. What is not there keeps its random start.
    /// </summary>
    public static void Take(TorchNetwork network, SegmentationWeights weights, SegmentationNetwork kind)
    {
        using var use = weights.Use();
        Take(network, use.Value, backboneOnly: weights.Network != kind);
    }

    /// <inheritdoc cref="Take(TorchNetwork, SegmentationWeights, SegmentationNetwork)"/>
    public static void Take(TorchNetwork network, IReadOnlyDictionary<string, Tensor> given, bool backboneOnly = false)
    {
        using var noGrad = no_grad();
        int head = network.Layout.Find(FeatureMaps.Stage4).Index;
        foreach ((string name, IReadOnlyList<long> shape, _, Convolution layer) in network.Layout.Parameters)
        {
            if (backboneOnly && layer.Index > head)
                continue;
            if (given.TryGetValue(name, out Tensor? source) && (!layer.IsClassifier || source.shape.SequenceEqual(shape)))
                network.State[name].copy_(source);
        }
    }

    /// <summary>As the paper most likely did: plain weights are taken for protected ones, so that the network reads them in the key's order.</summary>
    public static void ReadThroughPermutation(TorchNetwork network, WeightProtection protection)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in network.State)
        {
            using Tensor plain = protection.Unprotect(name, value);
            value.copy_(plain);
        }
    }
}
