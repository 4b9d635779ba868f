using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// The paper's network to the letter (Fig. 3, Fig. 4): a gather of channels, x'(i) = x(α_i), at each of the chosen maps,
/// and before each of the other chosen convolutions, in every forward pass. It is the specification that the library's weight
/// re-orderings are held against.
/// </summary>
internal static class LiteralNetwork
{
    public static Tensor Forward(FcnNetwork network, IReadOnlyDictionary<PermutationPoint, int[]> permutations, Tensor images)
    {
        var hooks = network.named_modules()
            .Where(entry => permutations.ContainsKey(PermutationPoint.InputOf(entry.name)))
            .Select(entry => ((Conv2d)entry.module).register_forward_pre_hook((_, x) => Permute(PermutationPoint.InputOf(entry.name), x)))
            .ToList();
        var x = Permute(FeatureMaps.Stem, network.Backbone.Stem(images));
        x = Permute(FeatureMaps.Stage1, network.Backbone.Layer1.call(x));
        x = Permute(FeatureMaps.Stage2, network.Backbone.Layer2.call(x));
        x = Permute(FeatureMaps.Stage3, network.Backbone.Layer3.call(x));
        x = Permute(FeatureMaps.Stage4, network.Backbone.Layer4.call(x));
        x = Permute(FeatureMaps.Head, network.Classifier.Features(x));
        x = FcnNetwork.Upsample(network.Classifier.Classify(x), images.shape[2], images.shape[3]);
        hooks.ForEach(hook => hook.remove());
        return x;

        Tensor Permute(PermutationPoint point, Tensor x) =>
            permutations.TryGetValue(point, out int[]? order) ? x.index_select(1, tensor(order, dtype: ScalarType.Int64)) : x;
    }
}
