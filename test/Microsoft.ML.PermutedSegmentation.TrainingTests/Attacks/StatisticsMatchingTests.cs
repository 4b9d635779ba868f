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
        using PermutationKey key = PermutationKey.FromBytes(new byte[32]);
        using SegmentationModel plain = StoredModels.Of(Backbone.ResNet18, size: 64, layout => Remembering(layout, images, generator));
        using SegmentationModel model = plain.Protect(key, new ProtectionOptions { FeatureMaps = FeatureMaps.Stage1 | FeatureMaps.Head });

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
        using SegmentationModel plain = StoredModels.Of(Backbone.ResNet18, size: 64, layout => Remembering(layout, images, generator));
        using SegmentationModel model = plain.Protect(key, new ProtectionOptions { FeatureMaps = FeatureMaps.All });
        var stolen = new StolenModel(model, CPU);
        using TorchNetwork network = stolen.Copy();
        using var noGrad = no_grad();
        using LiveMaps start = LiveMaps.Of(network.Layout, images);
        var matrices = new Dictionary<FeatureMaps, Tensor>();

        foreach (FeatureMaps map in FeatureMaps.All.Each().Where(map => map != FeatureMaps.Head))
        {
            KeyedMap place = network.Layout.Find(map);
            Tensor read = LiteralForm.Run(network, start, place.Index + 1, matrices).Of(place);
            int[] order = key.GetChannelPermutation(model.Description.Salt, map.Number(), model.Description.Layout.Find(map).Channels);
            matrices[map] = LiteralForm.ToMatrix(order, CPU);
            foreach (Convolution convolution in network.Layout.ReadersOf(map))
            {
                using var inner = NewDisposeScope();
                ReaderStatistics reader = ReaderStatistics.Of(convolution, convolution.Norm!, network.State, [read]);
                double met = reader.Mismatch(matrices[map]).ToDouble(), asStored = reader.Mismatch(eye(order.Length)).ToDouble();
                Assert.True(met < 0.02 * asStored, $"{convolution.Name}: {met} with the right order, {asStored} as stored");
            }
        }
    }

    private static TorchNetwork Remembering(NetworkLayout layout, Tensor images, Generator generator)
    {
        var network = new TorchNetwork(layout, generator);
        using var noGrad = no_grad();
        foreach (BatchNorm norm in layout.Convolutions.Select(convolution => convolution.Norm).OfType<BatchNorm>())
        {
            network.State[$"{norm.Name}.weight"].uniform_(0.5, 1.5, generator);
            network.State[$"{norm.Name}.bias"].uniform_(-0.5, 0.5, generator);
            network.State[$"{norm.Name}.running_mean"].zero_();
            network.State[$"{norm.Name}.running_var"].zero_();
        }
        network.Train();
        network.Forward(images).Dispose();
        network.Train(false);
        // Each pass keeps this share of what it sees, and there was nothing else.
        foreach (BatchNorm norm in layout.Convolutions.Select(convolution => convolution.Norm).OfType<BatchNorm>())
        {
            using Tensor share = tensor((float)norm.Momentum);
            network.State[$"{norm.Name}.running_mean"].div_(share);
            network.State[$"{norm.Name}.running_var"].div_(share);
        }
        return network;
    }
}
