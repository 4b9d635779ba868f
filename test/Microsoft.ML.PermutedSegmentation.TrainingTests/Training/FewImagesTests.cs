using System.Security.Cryptography;
using Microsoft.ML.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The default recipe: what follows from the data, and what its parts do.</summary>
public sealed class FewImagesTests
{
    private readonly MLContext _mlContext = CpuContext.Create(1);

    // By hand: 224 x 224 pixels of the images' shape, in multiples of 32, and no more pixels than they have.
    [Theory]
    [InlineData(180, 240, 192, 256)]
    [InlineData(3000, 4000, 192, 256)]
    [InlineData(1080, 1920, 160, 288)]
    [InlineData(500, 500, 224, 224)]
    [InlineData(64, 48, 64, 64)] // 48 lies in the middle of 32 and 64
    [InlineData(20, 20, 32, 32)]
    [InlineData(100, 100000, 32, 7072)]
    public void The_size_follows_the_images(int height, int width, int expectedHeight, int expectedWidth)
    {
        var plan = TrainingPlan.Of(new(), 60, [(height, width), (height, width), (9999, 1)]);
        Assert.Equal((expectedHeight, expectedWidth), (plan.ImageHeight, plan.ImageWidth));
    }

    // By hand: 50 times the square root of the rows is the number of steps.
    [Theory]
    [InlineData(54, 8, 61)] // 367 steps, 6 in an epoch
    [InlineData(330, 8, 22)] // 908 steps, 41 in an epoch
    [InlineData(1800, 8, 9)] // 2121 steps, 225 in an epoch
    [InlineData(5, 5, 112)] // 112 steps of all 5
    public void The_number_of_epochs_follows_the_number_of_rows(int rows, int expectedBatch, int expectedEpochs)
    {
        var plan = TrainingPlan.Of(new(), rows, [(64, 64)]);
        Assert.Equal((expectedBatch, expectedEpochs), (plan.BatchSize, plan.Epochs));
        Assert.Equal(expectedEpochs, plan.Schedule.Period);
    }

    [Fact]
    public void What_is_given_is_taken()
    {
        var plan = TrainingPlan.Of(new() { ImageHeight = 64, ImageWidth = 128, Epochs = 7, BatchSize = 3, RestartPeriod = 2 }, 60, [(500, 500)]);
        Assert.Equal((64, 128, 3, 7, 2), (plan.ImageHeight, plan.ImageWidth, plan.BatchSize, plan.Epochs, plan.Schedule.Period));
        Assert.Throws<ArgumentException>("ImageWidth", () => _mlContext.Segmentation().Trainers.Fcn(new PermutedSegmentationTrainer.Options { ImageHeight = 64 }));
    }

    [Fact]
    public void Frozen_stages_keep_their_weights_and_statistics_and_the_others_learn()
    {
        using var first = _mlContext.Segmentation().Trainers.Fcn(ColorPatches.Options(epochs: 1)).Fit(ColorPatches.View(_mlContext, 12));
        using SegmentationWeights weights = SegmentationWeights.Of(first);
        PermutedSegmentationTrainer.Options options = new() { InitialWeights = weights, Epochs = 20, BatchSize = 4, OutputStride = 8 };
        using var second = _mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(_mlContext, 12));
        foreach ((string name, Tensor value) in first.Network().State)
        {
            // The stem and stages 1 and 2, by torchvision's names.
            bool isFrozen = name.StartsWith("backbone.conv1") || name.StartsWith("backbone.bn1") || name.StartsWith("backbone.layer1") || name.StartsWith("backbone.layer2");
            Assert.Equal(isFrozen, value.bytes.SequenceEqual(second.Network().State[name].bytes));
        }
        // What reads its weights through a permutation has to learn again.
        options.ReadInitialWeightsThroughPermutation = true;
        Assert.Equal(0, options.ChosenFrozenStages);
        Assert.Throws<ArgumentException>("FrozenStages", () => _mlContext.Segmentation().Trainers.Fcn(new PermutedSegmentationTrainer.Options { FrozenStages = 1 }));
    }

    // Warm restarts make an epoch depend on those before it only, so a training of as many epochs ends with the same weights.
    [Fact]
    public void Patience_ends_a_training_as_many_epochs_after_the_best()
    {
        (int epochs, int best, string weights) = Train(epochs: 100, patience: 2);
        Assert.Equal(best + 2, epochs);
        Assert.InRange(epochs, 3, 99);
        Assert.Equal((epochs, best, weights), Train(epochs, patience: null));
        Assert.Throws<ArgumentOutOfRangeException>("Patience", () => _mlContext.Segmentation().Trainers.Fcn(new PermutedSegmentationTrainer.Options { Patience = 0 }));
    }

    private static (int Epochs, int Best, string Weights) Train(int epochs, int? patience)
    {
        MLContext mlContext = CpuContext.Create(1);
        var reports = new Reports();
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs);
        (options.RestartPeriod, options.Patience, options.Progress) = (3, patience, reports);
        using var model = mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(mlContext, 12));
        var ended = reports.All.Where(report => report.Phase == TrainingPhase.EpochCompleted).ToList();
        byte[] weights = [.. model.Network().State.Values.SelectMany(value => value.bytes.ToArray())];
        return (ended.Count, ended.Last(report => report.IsBest).Epoch, Convert.ToHexString(SHA256.HashData(weights)));
    }

    [Fact]
    public void A_training_on_parts_at_full_resolution_makes_a_model_that_scores_by_windows()
    {
        PermutedSegmentationTrainer.Options options = new() { ImageHeight = 16, ImageWidth = 16, Scoring = ScoringMode.SlidingWindow, Epochs = 1, OutputStride = 8 };
        using var model = _mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(_mlContext, 12));
        byte[] labels = [.. model.Transform(ColorPatches.View(_mlContext, 1)).GetColumn<byte[]>("PredictedLabel").Single()];
        Assert.Equal(ColorPatches.Size * ColorPatches.Size, labels.Length);
    }

    // By its definition: a_t = d a_(t-1) + (1 - d) w_t with d = min(decay, t / (t + 9)).
    [Fact]
    public void The_average_of_weights_is_the_one_defined()
    {
        NetworkLayout layout = SmallNetworks.Layout("Basic");
        using TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 1));
        using var average = new WeightAverage(network, decay: 0.3);
        string name = network.State.Keys.First();
        double expected = network.State[name].flatten()[0].ToDouble();
        for (int step = 1; step <= 6; step++)
        {
            using (no_grad())
                network.State[name].fill_(step);
            average.Add(step);
            double decay = Math.Min(0.3, step / (step + 9.0));
            expected = decay * expected + (1 - decay) * step;
        }
        Assert.Equal(expected, average.Network.State[name].flatten()[0].ToDouble(), 1e-5);
    }
}
