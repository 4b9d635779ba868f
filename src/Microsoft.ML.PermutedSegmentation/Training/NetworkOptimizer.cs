using TorchSharp;
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

    /// <param name="parameters">What learns; it stays the caller's.</param>
    protected NetworkOptimizer(IReadOnlyList<(string Name, Parameter Value)> parameters) => Parameters = parameters;

    /// <summary>All tensors that change, in the same order each time: of which part of the memory, of which parameter. No copies.</summary>
    public IReadOnlyList<(string Part, string Parameter, Tensor Value)> Memory => _memory;

    /// <summary>How many steps were taken, where the size of a step depends on it; otherwise 0.</summary>
    public long StepCount { get; set; }

    protected IReadOnlyList<(string Name, Parameter Value)> Parameters { get; }

    /// <param name="parameters">What learns; it stays the caller's.</param>
    /// <param name="options">How.</param>
    public static NetworkOptimizer Create(IReadOnlyList<(string Name, Parameter Value)> parameters, PermutedSegmentationTrainer.Options options) =>
        options.Optimizer == SegmentationOptimizer.AdamW
            ? new AdamWOptimizer(parameters, options.WeightDecay, options.Momentum)
            : new MomentumOptimizer(parameters, options.WeightDecay, options.Momentum);

    /// <summary>Changes the parameters that have gradients.</summary>
    public void Step(double learningRate)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        BeginStep();
        for (int i = 0; i < Parameters.Count; i++)
            if (Parameters[i].Value.grad is { } gradient)
                Change(i, gradient, learningRate);
    }

    /// <summary>Sets the gradients to zero.</summary>
    public void Clear()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach ((_, Parameter parameter) in Parameters)
            parameter.grad?.zero_();
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.ForEach(entry => entry.Value.Dispose());

    protected virtual void BeginStep()
    {
    }

    /// <summary>Changes one parameter.</summary>
    protected abstract void Change(int index, Tensor gradient, double learningRate);

    /// <summary>A tensor of zeros for a parameter, which is part of the memory.</summary>
    protected Tensor Remember(string part, string name, Parameter parameter)
    {
        Tensor value = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
        _memory.Add((part, name, value));
        return value;
    }
}
