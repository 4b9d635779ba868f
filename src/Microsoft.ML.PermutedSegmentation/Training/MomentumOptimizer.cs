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
        _directions = momentum > 0 ? Remember("momentum") : [];
    }

    protected override void Change(int piece, Tensor values, Tensor gradient, double learningRate)
    {
        if (_weightDecay != 0)
            gradient.Add(values, _weightDecay);
        values.Add(_momentum > 0 ? _directions[piece].Multiply(_momentum).Add(gradient) : gradient, -learningRate);
    }
}
