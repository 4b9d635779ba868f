using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.DistributedTraining;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Several processes learn what one would: other networks than the FCN, and networks of which a part stays as it is.</summary>
public sealed class DistributedNetworksTests
{
    [Theory]
    [InlineData(SegmentationNetwork.DeepLabV3, Backbone.ResNet18)]
    [InlineData(SegmentationNetwork.LrAspp, Backbone.MobileNetV3Large)]
    public void Two_processes_learn_what_one_learns(SegmentationNetwork network, Backbone backbone)
    {
        Dictionary<string, float[]> alone = Train(null);
        Dictionary<string, float[]>[] shared = ProcessGroups.Run(2, Train);

        AssertSame(shared);
        Assert.InRange(Difference(alone, shared[0], InitialWeights(Choose)), 0, Rounding);

        Dictionary<string, float[]> Train(IProcessGroup? group)
        {
            PermutedSegmentationTrainer.Options options = Recipe(group);
            Choose(options);
            // One process has one image, and a single value per channel of the mean over it; the other has two.
            (options.Epochs, options.BatchSize) = (1, 3);
            return Weights(options, rows: 4);
        }

        void Choose(PermutedSegmentationTrainer.Options options) => (options.Network, options.Backbone, options.OutputStride) = (network, backbone, 16);
    }

    // By three: the mean of three equal numbers is not always that number.
    [Fact]
    public void Frozen_stages_keep_their_bits_and_all_have_the_same_others()
    {
        var mlContext = CpuContext.Create(seed: 4);
        using var model = mlContext.Segmentation().Trainers.Fcn(WithoutLearning()).Fit(ColorPatches.View(mlContext, 5));
        using SegmentationWeights given = SegmentationWeights.Of(model);
        Dictionary<string, float[]> start = model.Weights();
        foreach (bool synchronizes in (bool[])[true, false])
        {
            Dictionary<string, float[]>[] shared = ProcessGroups.Run(3, group =>
            {
                PermutedSegmentationTrainer.Options options = Recipe(group);
                (options.InitialWeights, options.FrozenStages, options.SynchronizeBatchNorm) = (given, 3, synchronizes);
                (options.Epochs, options.BatchSize, options.WeightAveraging) = (1, 6, 0.5);
                return Weights(options, rows: 7);
            });

            AssertSame(shared);
            Assert.All(start, entry => Assert.True(IsFrozen(entry.Key) == AreSame(entry.Value, shared[0][entry.Key]), entry.Key));
        }

        // The stem and stages 1 and 2, by torchvision's names.
        static bool IsFrozen(string name) => ((string[])["conv1", "bn1", "layer1", "layer2"]).Any(part => name.StartsWith($"backbone.{part}.", StringComparison.Ordinal));
    }
}
