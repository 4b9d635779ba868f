using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>Puts other weights than random ones into a network that is about to be trained.</summary>
internal static class InitialWeights
{
    /// <summary>
    /// Copies all weights and batch norm statistics of the same backbone. What is not given, the classifier, stays as it was
    /// drawn; so does the classifier's last layer when the given one tells another number of classes apart.
    /// </summary>
    /// <exception cref="ObjectDisposedException">They were disposed.</exception>
    public static void Take(FcnNetwork network, SegmentationWeights weights)
    {
        using var use = weights.Use();
        Take(network, use.Value);
    }

    /// <inheritdoc cref="Take(FcnNetwork, SegmentationWeights)"/>
    public static void Take(FcnNetwork network, IReadOnlyDictionary<string, Tensor> given)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in network.State())
        {
            bool isLastLayer = name is "classifier.4.weight" or "classifier.4.bias";
            if (given.TryGetValue(name, out Tensor? source) && (!isLastLayer || source.shape[0] == value.shape[0]))
                value.copy_(source);
        }
    }

    /// <summary>
    /// Takes the weights of a network for protected ones: for what the paper's network, with its permuted maps, starts from.
    /// Leaves the plain weights with which the plain network computes the same.
    /// </summary>
    public static void ReadThroughPermutation(FcnNetwork network, WeightProtection protection)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in network.State())
        {
            using Tensor plain = protection.Unprotect(name, value);
            value.copy_(plain);
        }
    }
}
