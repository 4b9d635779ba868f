using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>AdamW (Loshchilov and Hutter, 2019, Algorithm 2), as PyTorch defines it; without weight decay it is Adam (Kingma and Ba, 2015).</summary>
internal sealed class AdamWOptimizer : NetworkOptimizer
{
    private const double SquareDecay = 0.999, Epsilon = 1e-8;

    private readonly double _weightDecay, _meanDecay;
    private readonly (Tensor Mean, Tensor Square)[] _moments;

    public AdamWOptimizer(IReadOnlyList<(string Name, Parameter Value)> parameters, double weightDecay, double meanDecay)
        : base(parameters)
    {
        (_weightDecay, _meanDecay) = (weightDecay, meanDecay);
        _moments = [.. parameters.Select(parameter => (Remember("mean", parameter.Name, parameter.Value), Remember("square", parameter.Name, parameter.Value)))];
    }

    protected override void BeginStep() => StepCount++;

    protected override void Change(int index, Tensor gradient, double learningRate)
    {
        Parameter parameter = Parameters[index].Value;
        (Tensor mean, Tensor square) = _moments[index];
        double meanCorrection = 1 - Math.Pow(_meanDecay, StepCount), squareCorrection = 1 - Math.Pow(SquareDecay, StepCount);

        parameter.Multiply(1 - learningRate * _weightDecay);
        mean.Multiply(_meanDecay).Add(gradient, 1 - _meanDecay);
        square.Multiply(SquareDecay).AddProduct(gradient, gradient, 1 - SquareDecay);
        Tensor size = square.sqrt().Over(Math.Sqrt(squareCorrection)).Add(Epsilon);
        parameter.AddQuotient(mean, size, -learningRate / meanCorrection);
    }
}
