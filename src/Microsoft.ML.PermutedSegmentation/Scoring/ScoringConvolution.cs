using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// A convolution of a network that only scores; the padding keeps the size. Maps are channels last in memory. Several threads may run it
/// at once.
/// </summary>
internal abstract class ScoringConvolution : IDisposable
{
    /// <summary>Copies the weights, into the form that is fastest.</summary>
    /// <param name="weights">[outputs, channels, kernel height, kernel width].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="stride">Distance of the places where the kernel is put.</param>
    /// <param name="dilation">Distance of the inputs that a kernel reads.</param>
    /// <param name="height">Height of the map that it will make, or about: only to be as fast as it can.</param>
    /// <param name="width">Width of the map that it will make.</param>
    public static ScoringConvolution Create(Tensor weights, Tensor bias, int stride, int dilation, int height, int width)
    {
        if (WinogradConvolution.Suits(weights, stride, dilation, height, width))
            return new WinogradConvolution(weights, bias, dilation);
        return weights.device_type == DeviceType.CPU && weights.dtype == ScalarType.Float32 && OneDnn.IsAvailable
            ? new PackedConvolution(weights, bias, stride, dilation, height, width)
            : new PlainConvolution(weights, bias, stride, dilation);
    }

    /// <summary>The same values, [N, C, H, W], channels last in memory; not copied if they already are.</summary>
    public static Tensor ChannelsLast(Tensor values)
    {
        using Tensor byPixel = values.permute(0, 2, 3, 1), inOrder = byPixel.contiguous();
        return inOrder.permute(0, 3, 1, 2);
    }

    /// <summary>From [N, channels, H, W] to [N, outputs, H / stride, W / stride].</summary>
    /// <param name="x">The map that is read.</param>
    /// <param name="relu">Whether negative results become 0.</param>
    public abstract Tensor Run(Tensor x, bool relu = false);

    /// <summary>Adds what <see cref="Run"/> makes of x to a map, in place; then negative sums become 0.</summary>
    public virtual void AddTo(Tensor map, Tensor x)
    {
        using Tensor result = Run(x);
        map.add_(result).relu_();
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}
