using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class LiteralFormTests
{
    [Theory]
    [InlineData(Backbone.ResNet18, FeatureMaps.All)]
    [InlineData(Backbone.ResNet18, FeatureMaps.Stage1 | FeatureMaps.Inner)]
    [InlineData(Backbone.ResNet18, FeatureMaps.Every)]
    [InlineData(Backbone.ResNet50, FeatureMaps.Every)]
    public void With_the_right_matrices_it_computes_what_the_plain_network_does(Backbone backbone, FeatureMaps maps)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using PermutationKey key = PermutationKey.FromBytes(new byte[32]);
        using SegmentationModel plain = StoredModels.Of(backbone, size: 32, architecture => FcnNetwork.FromState(architecture, SmallNetworks.RandomState(architecture, seed: 1)));
        using SegmentationModel model = plain.Protect(key, maps, storeFingerprint: true);
        using var literal = new LiteralForm(new StolenModel(model, CPU));
        Tensor images = SmallNetworks.RandomImages(seed: 2, count: 1, height: 32, width: 32);
        Tensor expected = plain.Network.Run(images, 0, FcnNetwork.Scores);
        Assert.True(SmallNetworks.Difference(expected, literal.Run(images, 0, FcnNetwork.Scores)) > 0.05);

        literal.Matrices = KeyEffect.PermutationsOf(key, model.Description).ToDictionary(entry => entry.Key, entry => LiteralForm.ToMatrix(entry.Value, CPU));
        Assert.True(SmallNetworks.Difference(expected, literal.Run(images, 0, FcnNetwork.Scores)) < 1e-4);
        // In two parts, split where nothing is permuted yet.
        int split = maps.LastUnchanged();
        Assert.True(SmallNetworks.Difference(expected, literal.Run(literal.Run(images, 0, split), split, FcnNetwork.Scores)) < 1e-4);
    }
}
