using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// Parameters side by side in the memory of one tensor, and their gradients in that of another, so that an optimizer changes them by few operators: on a
/// GPU, starting an operator for each of hundreds of small tensors takes longer than the operator; on the CPU, pieces that stay in the cache are faster.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    // Each parameter begins at a cache line, as libtorch's own tensors do.
    private const int Alignment = 16;
    private const long PieceOnCpu = 1 << 16;

    private readonly IReadOnlyList<(string Name, Parameter Value)> _parameters;
    private readonly long[] _offsets;
    private readonly List<Tensor> _owned = [];
    private readonly long _length;
    private readonly Device _device;

    /// <summary>Moves the parameters, of 32 bits, which stay the caller's objects, and gives them gradients of 0.</summary>
    public FlatParameters(IReadOnlyList<(string Name, Parameter Value)> parameters)
    {
        (_parameters, _offsets, _device) = (parameters, new long[parameters.Count], parameters.Count > 0 ? parameters[0].Value.device : CPU);
        for (int i = 0; i < parameters.Count; i++)
        {
            _offsets[i] = _length;
            _length += (parameters[i].Value.NumberOfElements + Alignment - 1) / Alignment * Alignment;
        }
        using var noGrad = no_grad();
        (Values, Gradients) = (New(), New());
        for (int i = 0; i < parameters.Count; i++)
        {
            using Tensor place = Part(Values, i), gradient = Part(Gradients, i);
            place.copy_(parameters[i].Value);
            parameters[i].Value.set_(place);
            parameters[i].Value.grad = gradient;
        }
    }

    /// <summary>All values.</summary>
    public Tensor Values { get; }

    /// <summary>All gradients.</summary>
    public Tensor Gradients { get; }

    /// <summary>A tensor with a number for each of the values, 0 at first; it is this object's.</summary>
    public Tensor New()
    {
        Tensor flat = zeros(_length, dtype: ScalarType.Float32, device: _device).DetachFromDisposeScope();
        _owned.Add(flat);
        return flat;
    }

    /// <summary>What such a tensor has for a parameter, in its shape: a view that the caller disposes.</summary>
    public Tensor Part(Tensor flat, int parameter)
    {
        using Tensor part = flat.narrow(0, _offsets[parameter], _parameters[parameter].Value.NumberOfElements);
        return part.view(_parameters[parameter].Value.shape).DetachFromDisposeScope();
    }

    /// <summary>Such a tensor in the pieces in which it is changed, as views that are this object's.</summary>
    public Tensor[] Pieces(Tensor flat)
    {
        long most = _device.type == DeviceType.CPU ? PieceOnCpu : long.MaxValue;
        var pieces = new List<Tensor>();
        for (long first = 0; first < _length; first += pieces[^1].NumberOfElements)
            pieces.Add(flat.narrow(0, first, Math.Min(most, _length - first)).DetachFromDisposeScope());
        _owned.AddRange(pieces);
        return [.. pieces];
    }

    /// <summary>Gives each parameter memory of its own again, and no gradient.</summary>
    public void Dispose()
    {
        using var noGrad = no_grad();
        foreach ((_, Parameter parameter) in _parameters)
        {
            using Tensor values = parameter.detach(), own = values.clone();
            parameter.set_(own);
            parameter.grad = null;
        }
        _owned.ForEach(tensor => tensor.Dispose());
    }
}
