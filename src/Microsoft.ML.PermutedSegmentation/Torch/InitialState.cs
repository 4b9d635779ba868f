using Microsoft.ML.PermutedSegmentation.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>The values a network starts training from: torchvision's, drawn from one generator.</summary>
internal static class InitialState
{
    /// <summary>A new CPU tensor with the initial values of one tensor of a network's state.</summary>
    public static Tensor Draw(NetworkParameter parameter, Generator generator)
    {
        // It holds a tensor while libtorch fills it: the garbage collector frees one that nobody holds at any moment. That goes for scalars,
        // too, hence ones and zeros, which need none.
        using var scope = NewDisposeScope();
        long[] size = [.. parameter.Shape];
        bool isNormal = parameter.Layer.InitialValues == InitialValues.NormalByOutputs;
        long[] shape = parameter.Layer.WeightShape;
        long area = shape[2] * shape[3];
        Tensor drawn = parameter.Role switch
        {
            // He et al., "Delving Deep into Rectifiers".
            ParameterRole.Weight when isNormal => Empty().normal_(0, Math.Sqrt(2.0 / (shape[0] * area)), generator),
            // PyTorch's default for a convolution: kaiming uniform with a = sqrt(5), which comes to this bound.
            ParameterRole.Weight or ParameterRole.Bias when !isNormal => Uniform(1 / Math.Sqrt(shape[1] * area)),
            // Batch norm starts as the identity.
            ParameterRole.NormWeight or ParameterRole.RunningVariance => ones(size, dtype: ScalarType.Float32, device: CPU),
            _ => zeros(size, dtype: ScalarType.Float32, device: CPU),
        };
        return drawn.MoveToOuterDisposeScope();

        Tensor Empty() => empty(size, dtype: ScalarType.Float32, device: CPU);
        Tensor Uniform(double bound) => Empty().uniform_(-bound, bound, generator);
    }
}
