using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// The paper's network to the letter (Fig. 3, Fig. 4): a gather of channels, x'(i) = x(α_i), at each of the chosen maps,
/// in every forward pass. It is the specification that the library's weight re-orderings are held against.
/// </summary>
internal static class LiteralNetwork
{
    public static Tensor Forward(TorchNetwork network, IReadOnlyDictionary<FeatureMaps, int[]> permutations, Tensor images)
    {
        using LiveMaps start = LiveMaps.Of(network.Layout, images);
        Tensor scores = network.Run(start, network.Layout.Layers.Count, (map, x) => permutations.TryGetValue(map, out int[]? order)
            ? x.index_select(1, tensor(order, dtype: ScalarType.Int64))
            : x.alias()).Only;
        return LayoutRunner.Upsample(scores, images.shape[2], images.shape[3]);
    }
}
