using Onnx;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>Finds the weights whose input channels a key can put into another order.</summary>
internal static class KeyedLayers
{
    // Longer ways from a constant to its layer do not occur.
    private const int LongestWay = 16;

    /// <summary>The weights of all layers that sum over channels, each tensor once, in the order of the layers.</summary>
    public static IReadOnlyDictionary<StoredTensor, ChannelAxis> Find(IReadOnlyList<GraphScope> scopes)
    {
        var found = new Dictionary<StoredTensor, ChannelAxis>();
        foreach (GraphScope scope in scopes)
        {
            foreach (NodeProto node in scope.Nodes.Where(node => node.Domain is "" or "ai.onnx"))
            {
                foreach ((int input, Func<int, int> axisOf) in WeightsOf(node))
                {
                    if (input < node.Input.Count && Resolve(scope, node.Input[input]) is var (tensor, axes) && AxisIn(node, tensor, axes, axisOf) is { } axis && axis.Fits(tensor))
                        found.TryAdd(tensor, axis);
                }
            }
        }
        return found;
    }

    // Which inputs may be weights, and on which axis their input channels are, by how many axes they have.
    private static IEnumerable<(int Input, Func<int, int> AxisOf)> WeightsOf(NodeProto node) => node.OpType switch
    {
        "Conv" or "ConvInteger" => [(1, _ => 1)],
        "QLinearConv" => [(3, _ => 1)],
        "ConvTranspose" => [(1, _ => 0)],
        "Gemm" => [(0, _ => Flag(node, "transA") ? 0 : 1), (1, _ => Flag(node, "transB") ? 1 : 0)],
        "MatMul" or "MatMulInteger" => [(0, Last), (1, LastButOne)],
        "QLinearMatMul" => [(0, Last), (3, LastButOne)],
        _ => [],
    };

    private static int Last(int rank) => rank - 1;

    private static int LastButOne(int rank) => Math.Max(0, rank - 2);

    // The axis in the tensor, not in what the layer sees of it.
    private static ChannelAxis? AxisIn(NodeProto node, StoredTensor tensor, int[] axes, Func<int, int> axisOf)
    {
        int axis = axisOf(axes.Length);
        if (axis < 0 || axis >= axes.Length)
            return null;
        // A filter of a depthwise convolution has one channel; the channels are its groups.
        if (node.OpType is "Conv" or "ConvInteger" or "QLinearConv" && tensor.Proto.Dims[axes[1]] == 1 && Number(node, "group") is > 1 and var groups
            && tensor.Proto.Dims[axes[0]] % groups == 0 && tensor.Proto.Dims[axes[0]] / groups is > 0 and <= int.MaxValue and var filters)
            return new ChannelAxis(axes[0], (int)filters);
        return new ChannelAxis(axes[axis], 1);
    }

    // The constant behind a value, and for each axis of the value the axis of the constant.
    private static (StoredTensor Tensor, int[] Axes)? Resolve(GraphScope scope, string name)
    {
        var transposes = new Stack<long[]>();
        for (int step = 0; step < LongestWay; step++)
        {
            if (scope.FindConstant(name) is { } tensor)
                return tensor.Proto.Dims.Count <= StoredTensor.LargestRank && AxesBehind(tensor.Proto.Dims.Count, transposes) is { } axes ? (tensor, axes) : null;
            if (scope.FindProducer(name) is not { OpType: "Identity" or "Cast" or "Transpose" or "DequantizeLinear", Domain: "" or "ai.onnx" } node || node.Input.Count == 0)
                return null;
            if (node.OpType == "Transpose")
                transposes.Push([.. node.Attribute.FirstOrDefault(attribute => attribute.Name == "perm")?.Ints.Take(StoredTensor.LargestRank + 1) ?? []]);
            name = node.Input[0];
        }
        return null;
    }

    private static int[]? AxesBehind(int rank, Stack<long[]> transposes)
    {
        int[] axes = [.. Enumerable.Range(0, rank)];
        foreach (long[] given in transposes)
        {
            // Without an order the axes are reversed.
            int[] order = given.Length == 0 ? [.. Enumerable.Range(0, rank).Reverse()] : [.. given.Select(axis => (int)Math.Clamp(axis, -1, int.MaxValue))];
            if (order.Length != rank || order.Any(axis => axis < 0 || axis >= rank))
                return null;
            axes = [.. order.Select(axis => axes[axis])];
        }
        return axes;
    }

    private static bool Flag(NodeProto node, string name) => Number(node, name) is not (null or 0);

    private static long? Number(NodeProto node, string name) => node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.I;
}
