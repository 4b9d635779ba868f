using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The values a network starts training from: torchvision's, drawn from one generator.</summary>
internal static class FcnInitialization
{
    /// <summary>A new CPU tensor with the initial values of one entry of a network's state.</summary>
    public static Tensor Draw(FcnArchitecture architecture, string name, long[] shape, Generator generator)
    {
        var values = empty(shape, dtype: ScalarType.Float32, device: CPU);
        if (shape.Length == 4 && name.StartsWith("backbone.", StringComparison.Ordinal))
        {
            // He et al., "Delving Deep into Rectifiers": normal, by the number of outputs.
            long fanOut = shape[0] * shape[2] * shape[3];
            return values.normal_(0, Math.Sqrt(2.0 / fanOut), generator);
        }
        if (shape.Length == 4)
        {
            // PyTorch's default for a convolution: kaiming uniform with a = sqrt(5), which comes to this bound.
            double bound = 1 / Math.Sqrt(shape[1] * shape[2] * shape[3]);
            return values.uniform_(-bound, bound, generator);
        }
        if (name == "classifier.4.bias")
        {
            double bound = 1 / Math.Sqrt(architecture.ChannelsOf(FeatureMaps.Head));
            return values.uniform_(-bound, bound, generator);
        }

        // Batch norm starts as the identity.
        bool isScale = name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith(".running_var", StringComparison.Ordinal);
        return isScale ? values.fill_(1) : values.zero_();
    }
}
