using System.Security.Cryptography;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.DistributedTraining;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Several processes learn what one would.</summary>
public sealed class DistributedTrainingTests : IDisposable
{
    private static readonly Lazy<Dictionary<string, float[]>> Start = new(() => InitialWeights());

    private readonly TempFolder _folder = new();
    private readonly PermutationKey _key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(7 * i))]);

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(2, 11, 1, 0, 2048, ScoringMode.Resize)]
    [InlineData(3, 4, 0, 1, 0, ScoringMode.Resize)]
    [InlineData(2, 6, 1, 1, 0, ScoringMode.SlidingWindow)]
    public void Any_number_of_processes_learns_what_one_learns(int size, int together, double crossEntropy, double dice, int cacheMegabytes, ScoringMode scoring)
    {
        Dictionary<string, float[]> alone = Train(null);
        Dictionary<string, float[]>[] shared = ProcessGroups.Run(size, Train);

        AssertSame(shared);
        Assert.InRange(Difference(alone, shared[0], Start.Value), 0, Rounding);

        Dictionary<string, float[]> Train(IProcessGroup? group)
        {
            PermutedSegmentationTrainer.Options options = Recipe(group);
            (options.MicroBatchSize, options.ImageCacheMegabytes, options.Scoring) = (together, cacheMegabytes, scoring);
            options.Loss = new SegmentationLoss { CrossEntropy = crossEntropy, Dice = dice };
            return Weights(options);
        }
    }

    [Fact]
    public void The_same_number_of_processes_gives_the_same_bits()
    {
        string[] once = ProcessGroups.Run(2, Train), again = ProcessGroups.Run(2, Train);
        Assert.Equal(once, again);

        static string Train(IProcessGroup group)
        {
            PermutedSegmentationTrainer.Options options = Recipe(group);
            (options.Optimizer, options.LearningRate, options.WeightAveraging, options.SynchronizeBatchNorm) = (SegmentationOptimizer.AdamW, 0.001, 0.9, false);
            using var model = CpuContext.Create(seed: 4).Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(new MLContext(), Rows));
            return string.Join(' ', model.Network().State.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => Convert.ToHexString(SHA256.HashData(entry.Value.bytes))));
        }
    }

    [Fact]
    public void Statistics_of_their_own_images_give_another_model_which_all_have()
    {
        Dictionary<string, float[]>[] apart = ProcessGroups.Run(2, group =>
        {
            PermutedSegmentationTrainer.Options options = Recipe(group);
            options.SynchronizeBatchNorm = false;
            return Weights(options);
        });
        AssertSame(apart);
        Assert.NotInRange(Difference(Weights(Recipe(null)), apart[0], Start.Value), 0, 5 * Rounding);
    }

    [Fact]
    public void Only_the_first_has_the_key_and_the_checkpoint_which_another_number_of_processes_goes_on_from()
    {
        string path = _folder.At("training.checkpoint");
        ProcessGroups.Run(2, group => Train(group, epochs: 1));
        Assert.Equal([path], Directory.GetFiles(_folder.Root));
        Dictionary<string, float[]>[] continued = ProcessGroups.Run(3, group => Train(group, epochs: 2));
        File.Delete(path);
        Assert.InRange(Difference(Train(null, epochs: 2), continued[0], Start.Value), 0, Rounding);
        AssertSame(continued);

        Dictionary<string, float[]> Train(IProcessGroup? group, int epochs)
        {
            PermutedSegmentationTrainer.Options options = Recipe(group);
            (options.Epochs, options.CheckpointPath) = (epochs, path);
            return Weights(options, group is null or { Rank: 0 } ? _key : null);
        }
    }

    [Fact]
    public void A_process_that_fails_ends_the_others()
    {
        var results = ProcessGroups.RunAll(3, group =>
        {
            PermutedSegmentationTrainer.Options options = Recipe(group);
            if (group.Rank == 1)
                options.Progress = new Reports(report => _ = report is { Phase: TrainingPhase.Training, Step: 2 } ? throw new TimeZoneNotFoundException("mine") : 0);
            return Weights(options);
        });
        Assert.IsType<TimeZoneNotFoundException>(results[1].Exception);
        foreach (int rank in (int[])[0, 2])
            Assert.Contains("Rank 1 of 3 has given up", Assert.IsType<IOException>(results[rank].Exception).Message);
    }

    [Fact]
    public void Other_options_or_data_are_refused_by_all()
    {
        var options = ProcessGroups.RunAll(2, group =>
        {
            PermutedSegmentationTrainer.Options own = Recipe(group);
            own.LearningRate = group.Rank == 1 ? 0.03 : own.LearningRate;
            return Weights(own);
        });
        Assert.Contains("Rank 1 does not train what rank 0 (there) does: LearningRate is", Assert.IsType<InvalidOperationException>(options[1].Exception).Message);
        Assert.Contains("Rank 1 has other options", Assert.IsType<InvalidOperationException>(options[0].Exception).Message);

        var data = ProcessGroups.RunAll(2, group => Weights(Recipe(group), rows: Rows + group.Rank));
        Assert.Contains($"LearnedRows is", Assert.IsType<InvalidOperationException>(data[1].Exception).Message);
    }

    [Fact]
    public void A_batch_without_an_image_for_each_process_is_refused()
    {
        foreach ((_, Exception? exception) in ProcessGroups.RunAll(3, group =>
        {
            PermutedSegmentationTrainer.Options options = Recipe(group);
            (options.BatchSize, options.MicroBatchSize) = (8, 2);
            return Weights(options);
        }))
        {
            Assert.Contains("not each of 3 processes has an image", Assert.IsType<ArgumentException>(exception).Message);
        }
    }
}
