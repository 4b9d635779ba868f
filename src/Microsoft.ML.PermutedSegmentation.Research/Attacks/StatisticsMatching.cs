using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>
/// Guesses permutations without a label: the stored readers compute what their batch norms remember only from channels in the
/// right order. Map by map, in the order of the network, each read through the guesses before it.
/// </summary>
internal static class StatisticsMatching
{
    private const int Iterations = 200;

    // Descent ends in a local minimum, often far from the right order. A mismatch per output below the bound tells the right one.
    private const int Attempts = 4;
    private const double GoodMismatch = 0.01;

    // Relative to the deviation of an output: how exactly batch norms' means are met by the right order, as measured on CamVid.
    private const double MeanNoise = 0.03;

    private static readonly double[] StepSizes = [0.003, 0.01, 0.03, 0.1, 0.3, 1];

    public static Dictionary<FeatureMaps, int[]> Guess(StolenModel stolen, IReadOnlyList<Tensor> images, Generator generator, CancellationToken cancellation)
    {
        using TorchNetwork network = stolen.Copy();
        using var scope = NewDisposeScope();
        var guess = new Dictionary<FeatureMaps, int[]>();
        var matrices = new Dictionary<FeatureMaps, Tensor>();
        foreach (FeatureMaps map in stolen.KeyedMaps)
        {
            // The classifier has no batch norm: nothing is known of what it computed.
            if (map == FeatureMaps.Head)
                continue;
            ReaderStatistics[] readers = Read(stolen, network, images, matrices, map);
            guess[map] = GuessMap(readers, generator, cancellation);
            matrices[map] = LiteralForm.ToMatrix(guess[map], stolen.Device);
        }
        return guess;
    }

    // What reads a map, with the guesses of the maps before it in place.
    private static ReaderStatistics[] Read(
        StolenModel stolen, TorchNetwork network, IReadOnlyList<Tensor> images, IReadOnlyDictionary<FeatureMaps, Tensor> matrices, FeatureMaps map)
    {
        using var noGrad = no_grad();
        KeyedMap place = network.Layout.Find(map);
        Tensor[] maps = [.. images.Select(batch =>
        {
            using LiveMaps start = LiveMaps.Of(network.Layout, batch);
            return LiteralForm.Run(network, start, place.Index + 1, matrices).Of(place);
        })];
        return [.. network.Layout.ReadersOf(map).Where(reader => reader.Norm is not null).Select(reader => ReaderStatistics.Of(reader, reader.Norm!, network.State, maps))];
    }

    private static int[] GuessMap(ReaderStatistics[] readers, Generator generator, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        Tensor likelihoods = Likelihoods(readers);
        double good = GoodMismatch * readers.Sum(reader => reader.RunningMean.NumberOfElements), least = double.PositiveInfinity;
        int[] best = [];
        for (int attempt = 0; attempt < Attempts && least > good; attempt++)
        {
            Tensor start = attempt == 0 ? likelihoods : likelihoods.Plus(randn(likelihoods.shape, generator: generator));
            (Tensor matrix, double mismatch) = Descend(readers, Sinkhorn.Normalize(start), cancellation);
            if (mismatch < least)
                (least, best) = (mismatch, LiteralForm.ToOrder(matrix));
        }
        return best;
    }

    // The mean that each input should have, by least squares, and so the logarithm of how likely each channel is there.
    private static Tensor Likelihoods(ReaderStatistics[] readers)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor means = readers[0].Means.mean([1]), overall = means.mean(), variance = means.var();
        Tensor weights = cat([.. readers.Select(reader => reader.Weights.sum([2]).div(reader.RunningVariance.sqrt().unsqueeze(1)))], 0);
        Tensor targets = cat([.. readers.Select(reader => reader.RunningMean.div(reader.RunningVariance.sqrt()))], 0);
        long channels = means.shape[0];
        Tensor covariance = linalg.inv(weights.t().matmul(weights).Over(MeanNoise * MeanNoise).Plus(eye(channels).div(variance)));
        Tensor residual = targets.sub(weights.matmul(overall.expand(channels)));
        Tensor wanted = covariance.matmul(weights.t().matmul(residual)).Over(MeanNoise * MeanNoise).Plus(overall);
        // Besides the uncertainty of the least squares, channels differ between images.
        Tensor spread = covariance.diagonal().Plus(variance.Times(0.15 * 0.15)).unsqueeze(1);
        return wanted.unsqueeze(1).sub(means.unsqueeze(0)).square().div(spread.Times(-2)).MoveToOuterDisposeScope();
    }

    // Frank and Wolfe: the permutation that the gradient likes best is an assignment; go a step towards it.
    private static (Tensor Matrix, double Mismatch) Descend(ReaderStatistics[] readers, Tensor start, CancellationToken cancellation)
    {
        Tensor matrix = start.detach().clone();
        double mismatch = double.PositiveInfinity;
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            Tensor variable = matrix.detach().requires_grad_();
            Mismatch(readers, variable).backward();
            using var noGrad = no_grad();
            Tensor direction = LiteralForm.ToMatrix(LiteralForm.ToOrder(variable.grad!.neg()), CPU).sub_(matrix);
            (double least, double step) = StepSizes.Select(step => (Mismatch(readers, matrix.Plus(direction, step)).Number(), step)).Min();
            if (least >= mismatch)
                break;
            mismatch = least;
            matrix.Add(direction, step);
        }
        return (matrix, mismatch);
    }

    private static Tensor Mismatch(ReaderStatistics[] readers, Tensor matrix)
        => readers.Select(reader => reader.Mismatch(matrix)).Aggregate((sum, term) => sum.Plus(term));
}
