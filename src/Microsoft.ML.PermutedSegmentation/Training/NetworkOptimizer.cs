using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>
/// Changes parameters by their gradients, with what it remembers from step to step in the open, for checkpoints. TorchSharp's own optimizers lose
/// numbers to the garbage collector while libtorch reads them (<see cref="Tensors.TensorArithmetic"/>); these take the same steps.
/// </summary>
internal abstract class NetworkOptimizer : IDisposable
{
    private readonly List<(string Part, string Parameter, Tensor Value)> _memory = [];
    private readonly IReadOnlyList<(string Name, Parameter Value)> _parameters;
    private readonly FlatParameters _flat;
    private readonly Tensor[] _values, _gradients;

    /// <param name="parameters">What learns; it stays the caller's, and has a gradient of 0 from now on, until this object is disposed.</param>
    protected NetworkOptimizer(IReadOnlyList<(string Name, Parameter Value)> parameters)
    {
        _parameters = parameters;
        _flat = new FlatParameters(parameters);
        (_values, _gradients) = (_flat.Pieces(_flat.Values), _flat.Pieces(_flat.Gradients));
    }

    /// <summary>All tensors that change, in the same order each time: of which part of the memory, of which parameter. No copies.</summary>
    public IReadOnlyList<(string Part, string Parameter, Tensor Value)> Memory => _memory;

    /// <summary>How many steps were taken, where the size of a step depends on it; otherwise 0.</summary>
    public long StepCount { get; set; }

    /// <param name="parameters">What learns; it stays the caller's.</param>
    /// <param name="options">How.</param>
    public static NetworkOptimizer Create(IReadOnlyList<(string Name, Parameter Value)> parameters, PermutedSegmentationTrainer.Options options) =>
        options.Optimizer == SegmentationOptimizer.AdamW
            ? new AdamWOptimizer(parameters, options.WeightDecay, options.Momentum)
            : new MomentumOptimizer(parameters, options.WeightDecay, options.Momentum);

    /// <summary>Changes all parameters by their gradients, which are of no use afterwards; one that nothing depends on has the gradient 0.</summary>
    /// <param name="learningRate">How far.</param>
    /// <param name="divisor">What the gradients are divided by first.</param>
    public void Step(double learningRate, double divisor = 1)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        BeginStep();
        for (int piece = 0; piece < _values.Length; piece++)
            Change(piece, _values[piece], divisor == 1 ? _gradients[piece] : _gradients[piece].Divide(divisor), learningRate);
    }

    /// <summary>Sets the gradients to zero.</summary>
    public void Clear()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (Tensor gradient in _gradients)
            gradient.zero_();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.ForEach(entry => entry.Value.Dispose());
        _flat.Dispose();
    }

    protected virtual void BeginStep()
    {
    }

    /// <summary>Changes a piece of the parameters; the gradient may change, too.</summary>
    protected abstract void Change(int piece, Tensor values, Tensor gradient, double learningRate);

    /// <summary>A number for each of the values, 0 at first, which is part of the memory: by pieces.</summary>
    protected Tensor[] Remember(string part)
    {
        Tensor flat = _flat.New();
        for (int i = 0; i < _parameters.Count; i++)
            _memory.Add((part, _parameters[i].Name, _flat.Part(flat, i)));
        return _flat.Pieces(flat);
    }
}
