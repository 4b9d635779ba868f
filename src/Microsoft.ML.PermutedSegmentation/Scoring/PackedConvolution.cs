using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>A convolution by oneDNN, on the CPU, of which the weights are put in its kernels' order once and not at each run.</summary>
internal sealed class PackedConvolution : ScoringConvolution
{
    // By how many images are read at once. Most often one order is best for all.
    private readonly ConcurrentDictionary<int, Tensor> _weights = [];
    private readonly Lock _packing = new();
    private readonly Tensor _bias;
    private readonly int _stride, _dilation, _padding, _height, _width;

    /// <inheritdoc cref="ScoringConvolution.Create"/>
    public PackedConvolution(Tensor weights, Tensor bias, int stride, int dilation, int height, int width)
    {
        (_stride, _dilation, _padding, _height, _width) = (stride, dilation, dilation * ((int)weights.shape[2] / 2), height * stride, width * stride);
        _weights[1] = Pack(weights, images: 1);
        _bias = bias.clone().DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Run(Tensor x, bool relu = false) => OneDnn.Convolve(x, WeightsFor((int)x.shape[0]), _bias, _padding, _stride, _dilation, relu);

    /// <inheritdoc/>
    public override void AddTo(Tensor map, Tensor x, bool relu)
    {
        // The first maps of a network in bfloat16 have 32 bits still.
        if (relu && map.dtype == x.dtype)
            OneDnn.AddTo(map, x, WeightsFor((int)x.shape[0]), _bias, _padding, _stride, _dilation);
        else
            base.AddTo(map, x, relu);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        // One that several have is disposed several times, which does no harm.
        foreach (Tensor weights in _weights.Values)
            weights.Dispose();
        _bias.Dispose();
    }

    private Tensor WeightsFor(int images)
    {
        if (_weights.TryGetValue(images, out Tensor? ready))
            return ready;
        lock (_packing)
        {
            if (_weights.TryGetValue(images, out ready))
                return ready;
            using Tensor unpacked = _weights[1].to_dense();
            Tensor packed = Pack(unpacked, images);
            Tensor? same = _weights.Values.FirstOrDefault(other => OneDnn.AreInSameOrder(other, packed));
            if (same is not null)
                packed.Dispose();
            return _weights[images] = same ?? packed;
        }
    }

    private Tensor Pack(Tensor weights, int images) =>
        OneDnn.Pack(weights, _padding, _stride, _dilation, images, _height, _width).DetachFromDisposeScope();
}
