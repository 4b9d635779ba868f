using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Scoring;

/// <summary>
/// A convolution by oneDNN, on the CPU, of which the weights are put in its kernels' order once and not at each run. The best order can depend
/// on how many images are read at once: each number gets its own when it first comes, and one that suits several is kept once.
/// </summary>
internal sealed class PackedConvolution : ScoringConvolution
{
    private readonly Dictionary<int, Tensor> _byImages = [];
    private readonly List<Tensor> _orders = [];
    private readonly Lock _packing = new();
    private readonly Tensor _bias;
    private readonly int _stride, _dilation, _padding, _height, _width;
    private Tensor? _unpacked;

    /// <inheritdoc cref="ScoringConvolution.Create"/>
    public PackedConvolution(Tensor weights, Tensor bias, int stride, int dilation, int height, int width)
    {
        (_stride, _dilation, _padding, _height, _width) = (stride, dilation, dilation * ((int)weights.shape[2] / 2), height * stride, width * stride);
        _unpacked = weights.clone().DetachFromDisposeScope();
        _bias = bias.clone().DetachFromDisposeScope();
    }

    /// <summary>How many orders the weights are kept in.</summary>
    public int Orders => _orders.Count;

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
        foreach (Tensor weights in _orders)
            weights.Dispose();
        _unpacked?.Dispose();
        _bias.Dispose();
    }

    private Tensor WeightsFor(int images)
    {
        lock (_packing)
        {
            if (_byImages.TryGetValue(images, out Tensor? ready))
                return ready;
            Tensor unpacked = _unpacked ?? _orders[0].to_dense(), packed = OneDnn.Pack(unpacked, _padding, _stride, _dilation, images, _height, _width);
            unpacked.Dispose();
            _unpacked = null;
            if (_orders.Find(order => OneDnn.AreInSameOrder(order, packed)) is { } same)
                packed.Dispose();
            else
                _orders.Add(same = packed.DetachFromDisposeScope());
            return _byImages[images] = same;
        }
    }
}
