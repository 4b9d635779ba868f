using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>The optimizer of a training, with what it remembers from step to step in the open, for checkpoints.</summary>
internal sealed class NetworkOptimizer : IDisposable
{
    private readonly OptimizerHelper _optimizer;
    private readonly List<(string Part, string Parameter, Tensor Value)> _memory = [];
    private readonly List<AdamW.State> _counted = [];

    /// <param name="parameters">What learns; it stays the caller's.</param>
    /// <param name="options">How.</param>
    public NetworkOptimizer(IReadOnlyList<(string Name, Parameter Value)> parameters, PermutedSegmentationTrainer.Options options)
    {
        IEnumerable<Parameter> values = parameters.Select(parameter => parameter.Value);
        bool isAdam = options.Optimizer == SegmentationOptimizer.AdamW;
        _optimizer = isAdam
            ? optim.AdamW(values, options.LearningRate, beta1: options.Momentum, weight_decay: options.WeightDecay)
            : optim.SGD(values, options.LearningRate, options.Momentum, weight_decay: options.WeightDecay);
        foreach (((string name, Parameter parameter), OptimizerState state) in parameters.Zip(_optimizer.state_dict().State))
            Remember(name, parameter, state, options.Momentum);
    }

    /// <summary>All tensors that change, in the same order each time: of which part of the memory, of which parameter. No copies.</summary>
    public IReadOnlyList<(string Part, string Parameter, Tensor Value)> Memory => _memory;

    /// <summary>How many steps were taken, where the size of a step depends on it; otherwise 0.</summary>
    public long StepCount
    {
        get => _counted.FirstOrDefault()?.step ?? 0;
        set => _counted.ForEach(state => state.step = value);
    }

    /// <summary>Changes the parameters by their gradients.</summary>
    public void Step(double learningRate)
    {
        foreach (var group in _optimizer.ParamGroups)
            group.LearningRate = learningRate;
        _optimizer.step();
    }

    /// <summary>Sets the gradients to zero.</summary>
    public void Clear() => _optimizer.zero_grad();

    /// <inheritdoc/>
    public void Dispose() => _optimizer.Dispose(); // with its memory

    private void Remember(string name, Parameter parameter, OptimizerState state, double momentum)
    {
        switch (state)
        {
            case AdamW.State adam:
                _memory.Add(("mean", name, adam.exp_avg));
                _memory.Add(("square", name, adam.exp_avg_sq));
                _counted.Add(adam);
                break;
            case SGD.State sgd when momentum > 0:
                // As the optimizer does in its first step, only that it sets them to the first gradients at once.
                sgd.momentum_buffer = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
                _memory.Add(("momentum", name, sgd.momentum_buffer));
                break;
        }
    }
}
