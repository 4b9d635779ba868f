using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>A convolution by libtorch's own choice of library, on any device.</summary>
internal sealed class PlainConvolution : ScoringConvolution
{
    private readonly Tensor _weights, _bias;
    private readonly long _stride, _dilation, _padding, _groups;

    /// <inheritdoc cref="ScoringConvolution.Create"/>
    public PlainConvolution(Tensor weights, Tensor bias, int stride, int dilation, int groups = 1)
    {
        (_stride, _dilation, _padding, _groups) = (stride, dilation, dilation * (weights.shape[2] / 2), groups);
        using Tensor copy = weights.clone();
        _weights = ChannelsLast(copy).DetachFromDisposeScope();
        _bias = bias.clone().DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Run(Tensor x, bool relu = false)
    {
        Tensor result = nn.functional.conv2d(x, _weights, _bias, [_stride, _stride], [_padding, _padding], [_dilation, _dilation], _groups);
        return relu ? result.relu_() : result;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _weights.Dispose();
        _bias.Dispose();
    }
}
