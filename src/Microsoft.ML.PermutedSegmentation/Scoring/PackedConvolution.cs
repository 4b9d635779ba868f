using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>A convolution by oneDNN, on the CPU, of which the weights are put in its kernels' order once and not at each run.</summary>
internal sealed class PackedConvolution : ScoringConvolution
{
    private readonly Tensor _weights, _bias;
    private readonly int _stride, _dilation, _padding;

    /// <inheritdoc cref="ScoringConvolution.Create"/>
    public PackedConvolution(Tensor weights, Tensor bias, int stride, int dilation, int height, int width)
    {
        (_stride, _dilation, _padding) = (stride, dilation, dilation * ((int)weights.shape[2] / 2));
        _weights = OneDnn.Pack(weights, _padding, stride, dilation, height * stride, width * stride).DetachFromDisposeScope();
        _bias = bias.clone().DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Run(Tensor x, bool relu = false) => OneDnn.Convolve(x, _weights, _bias, _padding, _stride, _dilation, relu);

    /// <inheritdoc/>
    public override void AddTo(Tensor map, Tensor x, bool relu)
    {
        if (relu)
            OneDnn.AddTo(map, x, _weights, _bias, _padding, _stride, _dilation);
        else
            base.AddTo(map, x, relu);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _weights.Dispose();
        _bias.Dispose();
    }
}
