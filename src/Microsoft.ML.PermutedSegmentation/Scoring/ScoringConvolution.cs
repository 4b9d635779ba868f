using Microsoft.ML.PermutedSegmentation.Networks;
using Microsoft.ML.PermutedSegmentation.Tensors;
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
    /// <param name="layer">The layer.</param>
    /// <param name="weights">Its weights, batch norm folded in: [outputs, channels of a group, kernel, kernel].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="height">Height of the map that it will make, or about: only to be as fast as it can.</param>
    /// <param name="width">Width of the map that it will make.</param>
    public static ScoringConvolution Create(Convolution layer, Tensor weights, Tensor bias, int height, int width)
    {
        if (WinogradChoice.Suits(weights, layer.Step, layer.Dilation, height, width))
            return new WinogradConvolution(weights, bias, layer.Dilation);
        return weights.device_type == DeviceType.CPU && !layer.IsDepthwise && OneDnn.IsAvailable(weights.dtype)
            ? new PackedConvolution(weights, bias, layer.Step, layer.Dilation, height, width)
            : new PlainConvolution(weights, bias, layer.Step, layer.Dilation, layer.IsDepthwise ? layer.Channels : 1);
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

    /// <summary>Adds what <see cref="Run"/> makes of x to a map, in place.</summary>
    /// <param name="map">What is added to.</param>
    /// <param name="x">The map that is read.</param>
    /// <param name="relu">Whether negative sums become 0.</param>
    public virtual void AddTo(Tensor map, Tensor x, bool relu)
    {
        using Tensor result = Run(x);
        map.Add(result);
        if (relu)
            map.relu_();
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}
