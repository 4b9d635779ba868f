using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>
/// The paper's network in its literal form (Fig. 3): stored weights, and a matrix applied to the channels of each keyed map.
/// A permutation α is the matrix whose row i is 1 at α[i] and 0 elsewhere; attacks also use other matrices.
/// </summary>
internal static class LiteralForm
{
    /// <summary>The same as <see cref="FcnNetwork.Run"/> with permuted maps; <paramref name="input"/> is a map that was permuted already.</summary>
    public static Tensor Run(FcnNetwork stored, Tensor input, int from, int to, IReadOnlyDictionary<FeatureMaps, Tensor> matrices)
    {
        Tensor map = input.alias();
        for (int number = from + 1; number <= to; number++)
        {
            using Tensor before = map;
            map = stored.Run(before, number - 1, number);
            if (number == FcnNetwork.Scores || !matrices.TryGetValue((FeatureMaps)(1 << (number - 1)), out Tensor? matrix))
                continue;
            using Tensor plain = map;
            map = Apply(matrix, plain);
        }
        return map;
    }

    /// <summary>A permutation as a matrix.</summary>
    public static Tensor ToMatrix(int[] order, Device device)
    {
        using Tensor identity = eye(order.Length, device: device);
        using Tensor index = tensor(order, dtype: ScalarType.Int64, device: device);
        return identity.index_select(0, index);
    }

    /// <summary>The permutation that is most of a doubly stochastic matrix.</summary>
    public static int[] ToOrder(Tensor matrix)
    {
        using Tensor costs = matrix.detach().neg().cpu().contiguous();
        return LinearAssignment.Solve(costs.data<float>().ToArray(), (int)matrix.shape[0]);
    }

    private static Tensor Apply(Tensor matrix, Tensor map)
    {
        using var scope = NewDisposeScope();
        return matrix.matmul(map.flatten(2)).reshape(map.shape).MoveToOuterDisposeScope();
    }
}
