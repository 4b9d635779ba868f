using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Puts other weights than random ones into a network that is about to be trained.</summary>
internal static class InitialWeights
{
    /// <summary>
    /// Copies all weights and batch norm statistics of a network of the same backbone. The classifier's last layer stays as
    /// it was drawn when the two tell another number of classes apart.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The given network was disposed.</exception>
    public static void Take(FcnNetwork network, FcnNetwork given)
    {
        using var noGrad = no_grad();
        IReadOnlyDictionary<string, Tensor> source = given.State();
        if (source.Count == 0) // what is left of a module after its disposal
            throw new ObjectDisposedException(nameof(PermutedSegmentationTransformer), "The model whose weights training should start from was disposed.");
        bool sameClasses = network.Architecture.ClassCount == given.Architecture.ClassCount;
        foreach ((string name, Tensor value) in network.State())
        {
            if (sameClasses || name is not ("classifier.4.weight" or "classifier.4.bias"))
                value.copy_(source[name]);
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
