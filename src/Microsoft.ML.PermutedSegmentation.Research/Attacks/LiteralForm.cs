using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>
/// The paper's network in its literal form (Fig. 3): stored weights, and a matrix applied to the channels of each keyed map.
/// A permutation α is the matrix whose row i is 1 at α[i] and 0 elsewhere; attacks also use other matrices.
/// </summary>
internal static class LiteralForm
{
    /// <summary>Runs a stored network with a matrix at each keyed map for which there is one.</summary>
    public static LiveMaps Run(TorchNetwork stored, LiveMaps start, int end, IReadOnlyDictionary<FeatureMaps, Tensor> matrices) =>
        stored.Run(start, end, (map, values) => matrices.TryGetValue(map, out Tensor? matrix) ? Apply(matrix, values) : values.alias());

    /// <summary>The scores of images, at their size.</summary>
    public static Tensor Forward(TorchNetwork stored, Tensor images, IReadOnlyDictionary<FeatureMaps, Tensor> matrices)
    {
        using LiveMaps start = LiveMaps.Of(stored.Layout, images);
        return LayoutRunner.Upsample(Run(stored, start, stored.Layout.Layers.Count, matrices).Only, images.shape[2], images.shape[3]);
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
        using var scope = NewDisposeScope();
        Tensor costs = matrix.detach().neg().cpu().contiguous();
        return LinearAssignment.Solve(costs.data<float>().ToArray(), (int)matrix.shape[0]);
    }

    private static Tensor Apply(Tensor matrix, Tensor map)
    {
        using var scope = NewDisposeScope();
        return matrix.matmul(map.flatten(2)).reshape(map.shape).MoveToOuterDisposeScope();
    }
}
