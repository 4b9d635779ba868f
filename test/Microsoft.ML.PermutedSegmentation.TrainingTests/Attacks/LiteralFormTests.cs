using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class LiteralFormTests
{
    [Theory]
    [InlineData(Backbone.ResNet18, FeatureMaps.All)]
    [InlineData(Backbone.ResNet18, FeatureMaps.Stage1 | FeatureMaps.Head)]
    [InlineData(Backbone.ResNet50, FeatureMaps.All)]
    public void With_the_right_matrices_it_computes_what_the_plain_network_does(Backbone backbone, FeatureMaps maps)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using PermutationKey key = PermutationKey.FromBytes(new byte[32]);
        using SegmentationModel plain = StoredModels.Of(backbone, size: 32, layout => TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 1)));
        using SegmentationModel model = plain.Protect(key, new ProtectionOptions { FeatureMaps = maps });
        using TorchNetwork stored = new StolenModel(model, CPU).Copy();
        Tensor images = SmallNetworks.RandomImages(seed: 2, count: 1, height: 32, width: 32);
        Tensor expected = plain.Network().Score(images);
        using LiveMaps start = LiveMaps.Of(stored.Layout, images);
        int end = stored.Layout.Layers.Count;
        SmallNetworks.Difference(expected, LiteralForm.Run(stored, start, end, new Dictionary<FeatureMaps, Tensor>()).Only).Should().BeGreaterThan(0.05);

        Dictionary<FeatureMaps, Tensor> right = model.Description.PermutationsOf(key).ToDictionary(entry => entry.Key, entry => LiteralForm.ToMatrix(entry.Value, CPU));
        SmallNetworks.Difference(expected, LiteralForm.Run(stored, start, end, right).Only).Should().BeLessThan(1e-4);
        // In two parts, split behind the lowest keyed map, which the first part has permuted.
        using LiveMaps middle = LiteralForm.Run(stored, start, stored.Layout.Find(maps.Each()[0]).Index + 1, right);
        SmallNetworks.Difference(expected, LiteralForm.Run(stored, middle, end, right).Only).Should().BeLessThan(1e-4);
    }
}
