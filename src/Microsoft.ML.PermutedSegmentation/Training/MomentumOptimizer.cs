using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>Stochastic gradient descent with momentum, as PyTorch defines it: the paper's optimizer.</summary>
internal sealed class MomentumOptimizer : NetworkOptimizer
{
    private readonly double _weightDecay, _momentum;
    private readonly Tensor[] _directions;

    public MomentumOptimizer(IReadOnlyList<(string Name, Parameter Value)> parameters, double weightDecay, double momentum)
        : base(parameters)
    {
        (_weightDecay, _momentum) = (weightDecay, momentum);
        _directions = momentum > 0 ? [.. parameters.Select(parameter => Remember("momentum", parameter.Name, parameter.Value))] : [];
    }

    protected override void Change(int index, Tensor gradient, double learningRate)
    {
        Parameter parameter = Parameters[index].Value;
        if (_weightDecay != 0)
            gradient = gradient.Plus(parameter, _weightDecay);
        if (_momentum > 0)
            gradient = _directions[index].Multiply(_momentum).Add(gradient);
        parameter.Add(gradient, -learningRate);
    }
}
