using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class StatisticsMatchingTests
{
    // Batch norms that remember exactly what the plain network computes on the attacker's own images: the most that they can say.
    [Fact]
    public void Batch_norms_give_away_far_more_channels_than_chance()
    {
        using var generator = new Generator(3);
        using var scope = NewDisposeScope();
        Tensor images = randn([8, 3, 64, 64], generator: generator);
        var description = new ModelDescription
        {
            Backbone = Backbone.ResNet18,
            OutputStride = 8,
            ImageHeight = 64,
            ImageWidth = 64,
            ClassNames = ["a", "b"],
            FeatureMaps = FeatureMaps.None,
            ImageColumnName = "Image",
            PredictedLabelColumnName = "PredictedLabel",
            ScoreColumnName = "Score",
        };
        using PermutationKey key = PermutationKey.FromBytes(new byte[32]);
        using var plain = SegmentationModel.Stored(description, Remembering(description.Architecture, images, generator));
        using SegmentationModel model = plain.Protect(key, FeatureMaps.Stage1 | FeatureMaps.Head, storeFingerprint: true);

        var guess = StatisticsMatching.Guess(new StolenModel(model, CPU), [images], default);
        // No batch norm follows the classifier.
        int[] order = Assert.Single(guess, entry => entry.Key == FeatureMaps.Stage1).Value;
        Assert.Single(guess);
        int[] right = key.GetChannelPermutation(model.Description.Salt, FeatureMaps.Stage1.Number(), order.Length);
        // By chance one channel of the 64 is in its place on average, and seven or more with probability 0.0001.
        Assert.InRange(order.Zip(right).Count(pair => pair.First == pair.Second), 7, 64);
    }

    private static FcnNetwork Remembering(FcnArchitecture architecture, Tensor images, Generator generator)
    {
        var network = new FcnNetwork(architecture, generator);
        using var noGrad = no_grad();
        foreach (var norm in network.modules().OfType<TorchSharp.Modules.BatchNorm2d>())
        {
            norm.weight!.uniform_(0.5, 1.5, generator);
            norm.bias!.uniform_(-0.5, 0.5, generator);
        }
        // Momentum 0.1: after 60 passes nothing of the start is left.
        network.train();
        for (int i = 0; i < 60; i++)
            network.forward(images).Dispose();
        network.eval();
        return network;
    }
}
