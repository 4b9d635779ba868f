using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>
/// The layers that the networks are made of. They are built on the meta device, which knows shapes but holds no values:
/// <see cref="FcnNetwork"/> gives them their weights, so that nothing is drawn or allocated twice.
/// </summary>
internal static class Layers
{
    /// <summary>A convolution that keeps the size of its input, divided by the stride.</summary>
    public static Conv2d Convolution(
        int inputs, int outputs, int kernel, int stride = 1, int dilation = 1, bool bias = false) =>
        nn.Conv2d(
            inputs, outputs, kernel, stride, padding: dilation * (kernel / 2), dilation, bias: bias,
            device: META, dtype: ScalarType.Float32);

    public static BatchNorm2d BatchNorm(int channels)
    {
        var norm = nn.BatchNorm2d(channels, device: META, dtype: ScalarType.Float32);
        norm.num_batches_tracked = null; // Only matters for a cumulative average, which no ResNet uses.
        return norm;
    }

    /// <summary>The next layer's output; the input is freed at once (autograd keeps what it still needs).</summary>
    public static Tensor Then(this Tensor input, nn.Module<Tensor, Tensor> next)
    {
        using (input)
            return next.call(input);
    }

    /// <summary>As <see cref="Then(Tensor, nn.Module{Tensor, Tensor})"/>; 3x3 convolutions with fewer multiplications where that is faster.</summary>
    public static Tensor Then(this Tensor input, Conv2d convolution)
    {
        using (input)
            return convolution.Convolve(input);
    }

    /// <summary>What calling the convolution gives; 3x3 convolutions with fewer multiplications where that is faster.</summary>
    public static Tensor Convolve(this Conv2d convolution, Tensor input)
    {
        (long stride, long dilation) = (convolution.stride[0], convolution.dilation[0]);
        return WinogradConvolution.Suits(convolution.weight, stride, dilation, input.shape[2], input.shape[3])
            ? WinogradFunction.Convolve(input, convolution.weight, dilation)
            : convolution.call(input);
    }
}
