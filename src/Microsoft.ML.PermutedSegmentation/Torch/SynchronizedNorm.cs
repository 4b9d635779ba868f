using Microsoft.ML.PermutedSegmentation.Distribution;
using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.PermutedSegmentation.Torch;

/// <summary>
/// Batch norm in training whose statistics are of the images of all processes, so that several learn what one would. libtorch's own kernels do the work:
/// with its statistics given, batch norm's gradient lacks only what goes through the statistics, which is added here.
/// </summary>
internal sealed class SynchronizedNorm : autograd.SingleTensorFunction<SynchronizedNorm>
{
    public override string Name => nameof(SynchronizedNorm);

    /// <summary>Normalises, and moves the running statistics as batch norm does.</summary>
    /// <param name="x">[N, C, H, W]: this process's images.</param>
    /// <param name="norm">The parameters.</param>
    /// <param name="shared">The other processes.</param>
    public static Tensor Apply(Tensor x, NormTensors norm, SharedLearning shared)
    {
        using var scope = NewDisposeScope();
        return apply(x, norm.Weight, norm.Bias, new Step(norm, shared)).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var step = (Step)vars[3];
        ctx.save_data(nameof(Step), step);
        using var scope = NewDisposeScope();
        return step.Forward((Tensor)vars[0]).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using Tensor given = grad_output;
        return [.. ((Step)ctx.get_data(nameof(Step))).Backward(given), null!];
    }

    /// <summary>The parameters and statistics of a batch norm; they stay the network's.</summary>
    public sealed record NormTensors(Tensor RunningMean, Tensor RunningVariance, Tensor Weight, Tensor Bias, double Momentum, double Epsilon);

    // One forward pass, and what its backward pass needs.
    private sealed class Step(NormTensors norm, SharedLearning shared)
    {
        // Leaves of a small graph of its own, from the input to what comes out with the statistics given.
        private Tensor _x = null!, _weight = null!, _bias = null!, _y = null!;
        private double[] _mean = [], _deviation = [];
        private double _count;

        public Tensor Forward(Tensor x)
        {
            (_count, _mean, double[] variance) = GatherStatistics(x);
            _deviation = [.. variance.Select(value => Math.Sqrt(value + norm.Epsilon))];
            Tensor mean = Of(_mean, x), var = Of(variance, x);
            Follow(norm.RunningMean, mean);
            Follow(norm.RunningVariance, var.Times(_count / Math.Max(_count - 1, 1)));
            using var grad = enable_grad();
            (_x, _weight, _bias) = (Leaf(x), Leaf(norm.Weight), Leaf(norm.Bias));
            _y = nn.functional.batch_norm(_x, mean, var, _weight, _bias, training: false, eps: norm.Epsilon).DetachFromDisposeScope();
            return _y.detach();
        }

        public List<Tensor> Backward(Tensor gradient)
        {
            using var scope = NewDisposeScope();
            Tensor[] given = [];
            if (!shared.Try(() => given = Gradients(gradient)))
                given = [zeros_like(gradient), zeros_like(norm.Weight, requires_grad: false), zeros_like(norm.Bias, requires_grad: false)];
            foreach (Tensor saved in (Tensor[])[_x, _weight, _bias, _y])
                saved.Dispose();
            return shared.Keep(given);
        }

        // Of x, the weight and the bias.
        private Tensor[] Gradients(Tensor gradient)
        {
            IList<Tensor> own = autograd.grad([_y], [_x, _weight, _bias], [gradient]);
            using var noGrad = no_grad();
            (Tensor ofX, Tensor ofWeight, Tensor ofBias) = (own[0], own[1], own[2]);
            double[] sums = shared.Group.Sum([.. ValuesOf(ofWeight), .. ValuesOf(ofBias)]);
            int channels = _mean.Length;
            double[] scale = [.. ValuesOf(_weight).Zip(_deviation, (weight, deviation) => weight / deviation)];
            // d/dx of what the mean and the variance do: scale * (mean of dy + normalised x * mean of dy * normalised x), as a line in x.
            double[] slope = [.. scale.Select((value, k) => -value * sums[k] / (_count * _deviation[k]))];
            double[] offset = [.. scale.Select((value, k) => -value * sums[channels + k] / _count - slope[k] * _mean[k])];
            using Tensor x = _x.detach();
            ofX.AddProduct(x, Of(slope, x).reshape(1, -1, 1, 1), 1).Add(Of(offset, x).reshape(1, -1, 1, 1));
            return [ofX, ofWeight, ofBias];
        }

        private (double Count, double[] Mean, double[] Variance) GatherStatistics(Tensor x)
        {
            int channels = (int)x.shape[1];
            double[] all = shared.Group.Combine(OwnStatistics(x), AddStatistics);
            return (all[^1], all[..channels], [.. all[channels..^1].Select(sum => sum / all[^1])]);
        }

        // By the number of values, the mean and the sum of squared differences of either (Chan, Golub and LeVeque, 1983).
        private static void AddStatistics(double[] some, double[] more)
        {
            int channels = some.Length / 2;
            double total = some[^1] + more[^1];
            for (int k = 0; k < channels; k++)
            {
                double difference = more[k] - some[k];
                some[k] += difference * more[^1] / total;
                some[channels + k] += more[channels + k] + difference * difference * some[^1] * more[^1] / total;
            }
            some[^1] = total;
        }

        // Means, sums of squared differences from them, and the number of values of a channel.
        private static double[] OwnStatistics(Tensor x)
        {
            int channels = (int)x.shape[1];
            long count = x.NumberOfElements / channels;
            if (count == 1)
                return [.. ValuesOf(x), .. new double[channels], 1];
            // With momentum 1 the running statistics become those of the batch, the variance divided by one less than the number.
            Tensor mean = zeros(channels, dtype: x.dtype, device: x.device), variance = zeros(channels, dtype: x.dtype, device: x.device);
            nn.functional.batch_norm(x, mean, variance, null, null, training: true, momentum: 1, eps: 0).Dispose();
            return [.. ValuesOf(mean), .. ValuesOf(variance).Select(value => value * (count - 1)), count];
        }

        private void Follow(Tensor running, Tensor current) => running.Multiply(1 - norm.Momentum).Add(current, norm.Momentum);

        private static Tensor Leaf(Tensor value) => value.detach().requires_grad_().DetachFromDisposeScope();

        private static Tensor Of(double[] values, Tensor like) => tensor([.. values.Select(value => (float)value)], device: like.device);

        private static double[] ValuesOf(Tensor values)
        {
            using Tensor flat = values.detach().reshape(-1).to(ScalarType.Float64).cpu();
            return flat.data<double>().ToArray();
        }
    }
}
