using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>The values a network starts training from: torchvision's, drawn from one generator.</summary>
internal static class FcnInitialization
{
    /// <summary>A new CPU tensor with the initial values of one entry of a network's state.</summary>
    public static Tensor Draw(FcnArchitecture architecture, string name, long[] shape, Generator generator)
    {
        if (name.StartsWith("backbone.", StringComparison.Ordinal) && shape.Length == 4)
        {
            // He et al., "Delving Deep into Rectifiers": normal, by the number of outputs.
            long fanOut = shape[0] * shape[2] * shape[3];
            return Empty(shape).normal_(0, Math.Sqrt(2.0 / fanOut), generator);
        }
        if (shape.Length == 4 || name == "classifier.4.bias")
        {
            // PyTorch's default for a convolution: kaiming uniform with a = sqrt(5), which comes to this bound.
            long fanIn = shape.Length == 4 ? shape[1] * shape[2] * shape[3] : architecture.ChannelsOf(FeatureMaps.Head);
            double bound = 1 / Math.Sqrt(fanIn);
            return Empty(shape).uniform_(-bound, bound, generator);
        }

        // Batch norm starts as the identity.
        return name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith(".running_var", StringComparison.Ordinal)
            ? ones(shape, dtype: ScalarType.Float32, device: CPU)
            : zeros(shape, dtype: ScalarType.Float32, device: CPU);
    }

    private static Tensor Empty(long[] shape) => empty(shape, dtype: ScalarType.Float32, device: CPU);
}
