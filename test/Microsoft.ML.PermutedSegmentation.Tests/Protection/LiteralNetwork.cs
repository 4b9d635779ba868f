using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// The paper's network to the letter (Fig. 3, Fig. 4): a gather of channels, x'(i) = x(α_i), at each of the chosen maps,
/// in every forward pass. It is the specification that the library's weight re-orderings are held against.
/// </summary>
internal static class LiteralNetwork
{
    public static Tensor Forward(FcnNetwork network, IReadOnlyDictionary<FeatureMaps, int[]> permutations, Tensor images)
    {
        var x = Permute(FeatureMaps.Stem, network.Backbone.Stem(images));
        x = Permute(FeatureMaps.Stage1, network.Backbone.Layer1.call(x));
        x = Permute(FeatureMaps.Stage2, network.Backbone.Layer2.call(x));
        x = Permute(FeatureMaps.Stage3, network.Backbone.Layer3.call(x));
        x = Permute(FeatureMaps.Stage4, network.Backbone.Layer4.call(x));
        x = Permute(FeatureMaps.Head, network.Classifier.Features(x));
        return FcnNetwork.Upsample(network.Classifier.Classify(x), images.shape[2], images.shape[3]);

        Tensor Permute(FeatureMaps map, Tensor x) =>
            permutations.TryGetValue(map, out int[]? order) ? x.index_select(1, tensor(order, dtype: ScalarType.Int64)) : x;
    }
}
