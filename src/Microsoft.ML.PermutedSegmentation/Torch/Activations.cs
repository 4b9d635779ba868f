using Microsoft.ML.PermutedSegmentation.Networks;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>The functions at the end of a layer.</summary>
internal static class Activations
{
    /// <summary>Applies an activation to each value, in place where gradients allow it; the handle given is not to be used any more.</summary>
    public static Tensor Activate(this Tensor x, Activation activation)
    {
        switch (activation)
        {
            case Activation.None:
                return x;
            case Activation.Relu:
                return x.relu_();
        }
        using (x)
        {
            return activation switch
            {
                Activation.Hardswish => nn.functional.hardswish(x),
                Activation.Hardsigmoid => nn.functional.hardsigmoid(x),
                Activation.Sigmoid => x.sigmoid(),
                _ => throw new NotSupportedException($"{activation} cannot run."),
            };
        }
    }
}
