using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>A convolution of a network that only scores; the padding keeps the size. Several threads may run it at once.</summary>
internal sealed class ScoringConvolution : IDisposable
{
    private readonly WinogradConvolution? _winograd;
    private readonly Tensor? _weights, _bias;
    private readonly long _stride, _dilation, _padding;

    /// <summary>Copies the weights.</summary>
    /// <param name="weights">[outputs, channels, kernel height, kernel width].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="stride">Distance of the places where the kernel is put.</param>
    /// <param name="dilation">Distance of the inputs that a kernel reads.</param>
    /// <param name="height">Height of the map that it will read: only to be as fast as it can.</param>
    /// <param name="width">Width of the map that it will read.</param>
    public ScoringConvolution(Tensor weights, Tensor bias, long stride, long dilation, int height, int width)
    {
        (_stride, _dilation, _padding) = (stride, dilation, dilation * (weights.shape[2] / 2));
        if (WinogradConvolution.Suits(weights, stride, dilation, height, width))
        {
            _winograd = new WinogradConvolution(weights, bias, (int)dilation);
            return;
        }
        using Tensor byPixel = weights.permute(0, 2, 3, 1), inOrder = byPixel.contiguous();
        (_weights, _bias) = (inOrder.permute(0, 3, 1, 2).DetachFromDisposeScope(), bias.clone().DetachFromDisposeScope());
    }

    /// <summary>From [N, channels, H, W], channels last in memory, to [N, outputs, H / stride, W / stride], likewise.</summary>
    public Tensor Run(Tensor x) => _winograd?.Run(x)
        ?? nn.functional.conv2d(x, _weights!, _bias, [_stride, _stride], [_padding, _padding], [_dilation, _dilation]);

    /// <inheritdoc/>
    public void Dispose()
    {
        _winograd?.Dispose();
        _weights?.Dispose();
        _bias?.Dispose();
    }
}
