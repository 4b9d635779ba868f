using System.Security.Cryptography;
using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ResumedTrainingTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly PermutationKey _key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(11 * i))]);
    private readonly string _path;

    public ResumedTrainingTests() => _path = _folder.At("training.checkpoint");

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(SegmentationOptimizer.Sgd, 0)]
    [InlineData(SegmentationOptimizer.AdamW, 0.9)]
    public void However_often_a_training_is_stopped_it_ends_with_the_same_bits(SegmentationOptimizer optimizer, double averaging)
    {
        var whole = new Reports();
        Dictionary<string, string> expected = Train(Recipe(whole), seed: 7);

        // In the middle of the first epoch nothing is kept yet; then between two epochs, in the middle of one, and after the last.
        TrainUntil(report => report is { Phase: TrainingPhase.Training, Epoch: 1, Step: 1 });
        Assert.Empty(Directory.GetFiles(_folder.Root));
        TrainUntil(report => report is { Phase: TrainingPhase.EpochCompleted, Epoch: 1 });
        TrainUntil(report => report is { Phase: TrainingPhase.Training, Epoch: 3, Step: 1 });
        var rest = new Reports();
        Assert.Equal(expected, Train(Kept(Recipe(rest)), seed: 7));

        Assert.Equal(2, rest.All.Single(report => report.Phase == TrainingPhase.Resuming).Epoch);
        Assert.Equal(Epochs(whole).Where(epoch => epoch.Epoch > 2), Epochs(rest));
        Assert.Equal([_path], Directory.GetFiles(_folder.Root));

        void TrainUntil(Predicate<TrainingProgress> stop)
        {
            using var cancel = new CancellationTokenSource();
            PermutedSegmentationTrainer.Options options = Kept(Recipe(new Reports(report =>
            {
                if (stop(report))
                    cancel.Cancel();
            })));
            options.CancellationToken = cancel.Token;
            Assert.Throws<OperationCanceledException>(() => Train(options, seed: 7));
        }

        // The default recipe's parts have a memory of their own; the learning rate of AdamW suits both.
        PermutedSegmentationTrainer.Options Recipe(Reports reports)
        {
            PermutedSegmentationTrainer.Options options = Options(epochs: 4, reports);
            (options.Optimizer, options.WeightAveraging, options.LearningRate) = (optimizer, averaging, optimizer == SegmentationOptimizer.AdamW ? 0.001 : options.LearningRate);
            if (optimizer == SegmentationOptimizer.AdamW)
                (options.WarmupSteps, options.RestartPeriod, options.Loss) = (3, null, new SegmentationLoss { Dice = 1 });
            return options;
        }
    }

    [Fact]
    public void The_best_epoch_is_kept_through_a_break()
    {
        // Every pixel of the validation rows has a wrong class: the better the network learns, the higher is its loss there.
        List<PatchRow> wrong = ColorPatches.Create(5, seed: 2);
        foreach (PatchRow row in wrong)
            row.Label = Array.ConvertAll(row.Label, value => (byte)(value == 0 ? 0 : 1 + value % 3));
        PermutedSegmentationTrainer.Options Misled(int epochs, Reports reports)
        {
            PermutedSegmentationTrainer.Options options = Options(epochs, reports);
            (options.ValidationSet, options.Momentum, options.OutputStride) = (new MLContext().Data.LoadFromEnumerable(wrong), 0, 8);
            return options;
        }

        var whole = new Reports();
        Dictionary<string, string> expected = Train(Misled(4, whole), seed: 3);
        Assert.Equal([true, false, false, false], Epochs(whole).Select(epoch => epoch.IsBest));
        Train(Kept(Misled(2, new Reports())), seed: 3);
        Assert.Equal(expected, Train(Kept(Misled(4, new Reports())), seed: 3));
    }

    [Fact]
    public void A_finished_training_gives_its_model_at_once_and_goes_on_for_more_epochs()
    {
        Dictionary<string, string> two = Train(Kept(Options(epochs: 2, new Reports())), seed: 5);
        var reports = new Reports();
        Assert.Equal(two, Train(Kept(Options(epochs: 2, reports)), seed: 5));
        Assert.DoesNotContain(reports.All, report => report.Phase is TrainingPhase.Training or TrainingPhase.EpochCompleted);

        Assert.Equal(Train(Options(epochs: 3, new Reports()), seed: 5), Train(Kept(Options(epochs: 3, new Reports())), seed: 5));
        var exception = Assert.Throws<InvalidOperationException>(() => Train(Kept(Options(epochs: 2, new Reports())), seed: 5));
        Assert.Contains("3 epochs are finished there, and Epochs is 2 here", exception.Message);
    }

    [Fact]
    public void Without_a_seed_the_one_that_was_drawn_goes_on()
    {
        Train(Kept(Options(epochs: 1, new Reports())), seed: null);
        string copy = _folder.At("copy");
        File.Copy(_path, copy);
        PermutedSegmentationTrainer.Options other = Options(epochs: 3, new Reports());
        other.CheckpointPath = copy;
        Dictionary<string, string> once = Train(other, seed: null);

        Train(Kept(Options(epochs: 2, new Reports())), seed: null);
        Assert.Equal(once, Train(Kept(Options(epochs: 3, new Reports())), seed: null));
    }

    [Fact]
    public void A_training_on_encrypted_images_goes_on_with_its_own_encryption()
    {
        PermutedSegmentationTransformer Fit(int epochs, out double[] losses)
        {
            var reports = new Reports();
            MLContext mlContext = CpuContext.Create(seed: 2);
            var model = mlContext.Segmentation().Trainers
                .BlockwiseEncrypted(_key, BlockTransformMethod.Shuffle, 8, Kept(Options(epochs, reports))).Fit(ColorPatches.View(mlContext, 20));
            losses = [.. Epochs(reports).Select(epoch => epoch.ValidationLoss)];
            return model;
        }

        using (Fit(1, out _))
        {
        }
        File.Copy(_path, _folder.At("copy"));
        using PermutedSegmentationTransformer whole = Fit(3, out double[] expected);
        File.Move(_folder.At("copy"), _path, overwrite: true);
        using PermutedSegmentationTransformer second = Fit(2, out double[] losses), third = Fit(3, out double[] last);
        Assert.Equal(expected.AsEnumerable(), [.. losses, .. last]);
        Assert.True(UnprotectedModel.Stored(whole).AsSpan().SequenceEqual(UnprotectedModel.Stored(third)));
    }

    [Fact]
    public void Initial_weights_do_not_start_it_again()
    {
        using var start = SegmentationWeights.Of(CpuContext.Create(seed: 1).Segmentation().Trainers.Fcn(Options(1, new Reports())).Fit(ColorPatches.View(new MLContext(), 20)));
        PermutedSegmentationTrainer.Options From(int epochs)
        {
            PermutedSegmentationTrainer.Options options = Options(epochs, new Reports());
            (options.InitialWeights, options.ReadInitialWeightsThroughPermutation) = (start, true);
            return Kept(options);
        }

        // Through the permutation: another salt would give other weights from the first step on.
        Train(From(1), seed: 4);
        File.Copy(_path, _folder.At("copy"));
        Dictionary<string, string> expected = Train(From(3), seed: 4);
        File.Move(_folder.At("copy"), _path, overwrite: true);
        Train(From(2), seed: 4);
        Assert.Equal(expected, Train(From(3), seed: 4));
    }

    // Batches in unequal parts, and a restart of the learning rate in the middle.
    private static PermutedSegmentationTrainer.Options Options(int epochs, Reports reports)
    {
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs);
        (options.MicroBatchSize, options.RestartPeriod, options.FeatureMaps, options.OutputStride, options.Progress) = (3, 2, FeatureMaps.All, 32, reports);
        return options;
    }

    private PermutedSegmentationTrainer.Options Kept(PermutedSegmentationTrainer.Options options)
    {
        options.CheckpointPath = _path;
        return options;
    }

    // The digest of each plain weight.
    private Dictionary<string, string> Train(PermutedSegmentationTrainer.Options options, int? seed)
    {
        MLContext mlContext = CpuContext.Create(seed);
        using var model = mlContext.Segmentation().Trainers.Permuted(_key, options).Fit(ColorPatches.View(mlContext, 20));
        return model.Network().State.ToDictionary(entry => entry.Key, entry => Convert.ToHexString(SHA256.HashData(entry.Value.bytes)));
    }

    private static List<TrainingProgress> Epochs(Reports reports) =>
        [.. reports.All.Where(report => report.Phase == TrainingPhase.EpochCompleted).Select(report => report with { Elapsed = default })];
}
