using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Training;

/// <summary>AdamW (Loshchilov and Hutter, 2019, Algorithm 2), as PyTorch defines it; without weight decay it is Adam (Kingma and Ba, 2015).</summary>
internal sealed class AdamWOptimizer : NetworkOptimizer
{
    private const double SquareDecay = 0.999, Epsilon = 1e-8;

    private readonly double _weightDecay, _meanDecay;
    private readonly Tensor[] _means, _squares;

    public AdamWOptimizer(IReadOnlyList<(string Name, Parameter Value)> parameters, double weightDecay, double meanDecay)
        : base(parameters)
    {
        (_weightDecay, _meanDecay) = (weightDecay, meanDecay);
        (_means, _squares) = (Remember("mean"), Remember("square"));
    }

    protected override void BeginStep() => StepCount++;

    protected override void Change(int piece, Tensor values, Tensor gradient, double learningRate)
    {
        (Tensor mean, Tensor square) = (_means[piece], _squares[piece]);
        double meanCorrection = 1 - Math.Pow(_meanDecay, StepCount), squareCorrection = 1 - Math.Pow(SquareDecay, StepCount);

        values.Multiply(1 - learningRate * _weightDecay);
        mean.Multiply(_meanDecay).Add(gradient, 1 - _meanDecay);
        square.Multiply(SquareDecay).AddProduct(gradient, gradient, 1 - SquareDecay);
        // In the gradient's memory: fresh memory is slow.
        Tensor size = gradient.copy_(square).sqrt_().Divide(Math.Sqrt(squareCorrection)).Add(Epsilon);
        values.AddQuotient(mean, size, -learningRate / meanCorrection);
    }
}
