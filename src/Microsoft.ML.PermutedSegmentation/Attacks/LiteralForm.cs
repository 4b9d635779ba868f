using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The paper's network in its literal form (Fig. 3): stored weights, and a matrix applied to the channels wherever the key permutes
/// them. A permutation α is the matrix whose row i is 1 at α[i] and 0 elsewhere; attacks also use other matrices.
/// </summary>
internal sealed class LiteralForm : IDisposable
{
    private PermutationPoint? _watched;
    private Tensor? _seen;

    public LiteralForm(StolenModel stolen)
    {
        Network = stolen.Copy();
        HashSet<PermutationPoint> keyed = [.. stolen.Points.Select(entry => entry.Point)];
        foreach ((string name, nn.Module module) in Network.named_modules())
        {
            PermutationPoint point = PermutationPoint.InputOf(name);
            if (keyed.Contains(point))
                ((Conv2d)module).register_forward_pre_hook((_, x) => Permute(point, x));
        }
    }

    /// <summary>The stored network.</summary>
    public FcnNetwork Network { get; }

    /// <summary>What channels are read through; where there is no matrix, as they are.</summary>
    public IReadOnlyDictionary<PermutationPoint, Tensor> Matrices { get; set; } = new Dictionary<PermutationPoint, Tensor>();

    /// <summary>The same as <see cref="FcnNetwork.Run"/>, from map to map; both as they are before their own permutation.</summary>
    public Tensor Run(Tensor input, int from, int to)
    {
        Tensor map = input.alias();
        for (int number = from; number < to; number++)
        {
            using Tensor before = map;
            using Tensor read = number == 0 ? before.alias() : Permute((FeatureMaps)(1 << (number - 1)), before);
            map = Network.Run(read, number, number + 1);
        }
        return map;
    }

    /// <summary>What arrives at a point, before its permutation.</summary>
    public Tensor Before(PermutationPoint point, Tensor images)
    {
        if (point.Convolution is null)
            return Run(images, 0, point.Map.Number());
        _watched = point;
        // The stage that a convolution such as backbone.layer1.0.conv2 is in gives the map behind it.
        Run(images, 0, point.Convolution["backbone.layer".Length] - '0' + 1).Dispose();
        _watched = null;
        return _seen!;
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();

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

    private Tensor Permute(PermutationPoint point, Tensor map)
    {
        if (point == _watched)
            _seen = map.alias();
        if (!Matrices.TryGetValue(point, out Tensor? matrix))
            return map.alias();
        using var scope = NewDisposeScope();
        return matrix.matmul(map.flatten(2)).reshape(map.shape).MoveToOuterDisposeScope();
    }
}
