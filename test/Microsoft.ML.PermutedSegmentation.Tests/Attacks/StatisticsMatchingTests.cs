using TorchSharp;
using TorchSharp.Modules;
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
        using PermutationKey key = PermutationKey.FromBytes(new byte[32]);
        using SegmentationModel plain = StoredModels.Of(Backbone.ResNet18, size: 64, architecture => Remembering(architecture, images, generator));
        using SegmentationModel model = plain.Protect(key, FeatureMaps.Stage1 | FeatureMaps.Head, storeFingerprint: true);

        var guess = StatisticsMatching.Guess(new StolenModel(model, CPU), [images], generator, default);
        // No batch norm follows the classifier.
        int[] order = Assert.Single(guess, entry => entry.Key == FeatureMaps.Stage1).Value;
        Assert.Single(guess);
        int[] right = key.GetChannelPermutation(model.Description.Salt, FeatureMaps.Stage1.Number(), order.Length);
        // By chance one channel of the 64 is in its place on average, and seven or more with probability 0.0001.
        Assert.InRange(order.Zip(right).Count(pair => pair.First == pair.Second), 7, 64);
    }

    [Fact]
    public void What_a_batch_norm_remembers_is_met_by_the_right_order_of_its_map()
    {
        using var generator = new Generator(3);
        using var scope = NewDisposeScope();
        Tensor images = randn([8, 3, 64, 64], generator: generator);
        using PermutationKey key = PermutationKey.FromBytes(new byte[32]);
        using SegmentationModel plain = StoredModels.Of(Backbone.ResNet18, size: 64, architecture => Remembering(architecture, images, generator));
        using SegmentationModel model = plain.Protect(key, FeatureMaps.All, storeFingerprint: true);
        var stolen = new StolenModel(model, CPU);
        using FcnNetwork network = stolen.Copy();
        using var noGrad = no_grad();
        Dictionary<string, nn.Module> modules = network.named_modules().ToDictionary(entry => entry.name, entry => entry.module);
        var matrices = new Dictionary<FeatureMaps, Tensor>();

        foreach (FeatureMaps map in FeatureMaps.All.Each().Where(map => map != FeatureMaps.Head))
        {
            Tensor read = LiteralForm.Run(network, images, 0, map.Number(), matrices);
            int[] order = key.GetChannelPermutation(model.Description.Salt, map.Number(), model.Description.Architecture.ChannelsOf(map));
            matrices[map] = LiteralForm.ToMatrix(order, CPU);
            foreach ((string convolution, string? norm) in stolen.ReadersOf(map))
            {
                using var inner = NewDisposeScope();
                ReaderStatistics reader = ReaderStatistics.Of((Conv2d)modules[convolution], (BatchNorm2d)modules[norm!], [read]);
                double met = reader.Mismatch(matrices[map]).ToDouble(), asStored = reader.Mismatch(eye(order.Length)).ToDouble();
                Assert.True(met < 0.02 * asStored, $"{convolution}: {met} with the right order, {asStored} as stored");
            }
        }
    }

    private static FcnNetwork Remembering(FcnArchitecture architecture, Tensor images, Generator generator)
    {
        var network = new FcnNetwork(architecture, generator);
        using var noGrad = no_grad();
        foreach (var norm in network.modules().OfType<BatchNorm2d>())
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
