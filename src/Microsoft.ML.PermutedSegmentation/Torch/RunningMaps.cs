using Microsoft.ML.PermutedSegmentation.Networks;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>The maps of a run that are needed at the moment.</summary>
/// <param name="count">How many layers the network has.</param>
internal sealed class RunningMaps(int count)
{
    private readonly Tensor?[] _maps = new Tensor?[count];
    private readonly bool[] _isBorrowed = new bool[count];

    /// <summary>The map that a layer has made.</summary>
    public Tensor this[Layer layer]
    {
        get => _maps[layer.Index]!;
        set => _maps[layer.Index] = value;
    }

    /// <summary>A map with which the run begins: its values are its caller's.</summary>
    public void Give(Layer layer, Tensor map) => (_maps[layer.Index], _isBorrowed[layer.Index]) = (map, true);

    /// <summary>The map of another layer under a new handle, for a layer that changes nothing.</summary>
    public Tensor Pass(Layer from, Layer to)
    {
        _isBorrowed[to.Index] = _isBorrowed[from.Index];
        return this[from].alias();
    }

    /// <summary>Takes a map out, to be changed in place by its last reader; a copy of one that is the caller's.</summary>
    public Tensor Take(Layer layer)
    {
        if (_isBorrowed[layer.Index])
            return this[layer].clone();
        Tensor map = this[layer];
        _maps[layer.Index] = null;
        return map;
    }

    /// <summary>Frees a map, if it was not taken.</summary>
    public void Free(Layer layer)
    {
        _maps[layer.Index]?.Dispose();
        _maps[layer.Index] = null;
    }
}
