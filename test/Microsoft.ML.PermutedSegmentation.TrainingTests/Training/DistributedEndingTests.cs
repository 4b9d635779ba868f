using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.DistributedTraining;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What ends a training early ends it for all processes at the same moment.</summary>
public sealed class DistributedEndingTests
{
    private const int Part = 4;
    private const double LossRounding = 0.0001;

    [Fact]
    public void Patience_ends_all_after_the_epoch_that_one_process_ends_after()
    {
        List<double> alone = Losses(null);
        List<double>[] shared = ProcessGroups.Run(2, Losses);
        Assert.Equal(2, alone.Count);
        // By much more than what rounding makes.
        Assert.True(alone[1] > alone[0] + 10 * LossRounding, string.Join(' ', alone));
        Assert.All(shared, losses => Assert.Equal(shared[0], losses));
        Assert.Equal(alone.Count, shared[0].Count);
        Assert.All(alone.Zip(shared[0]), losses => Assert.Equal(losses.First, losses.Second, LossRounding));

        // The validation loss of each epoch.
        static List<double> Losses(IProcessGroup? group)
        {
            // Each process validates one part, and would decide otherwise by itself: the classes of the second are exchanged.
            List<PatchRow> validation = ColorPatches.Create(2 * Part, seed: 2);
            foreach (PatchRow row in validation[Part..])
                row.Label = [.. row.Label.Select(label => label == 0 ? label : (byte)(4 - label))];
            var reports = new Reports();
            PermutedSegmentationTrainer.Options options = Recipe(group);
            (options.Epochs, options.Patience, options.BatchSize, options.MicroBatchSize, options.Progress) = (6, 1, 2 * Part, Part, reports);
            options.ValidationSet = new MLContext().Data.LoadFromEnumerable(validation);
            Weights(options, rows: 2 * Part);
            return [.. reports.All.Where(report => report.Phase == TrainingPhase.EpochCompleted).Select(report => report.ValidationLoss)];
        }
    }

    [Fact]
    public void A_loss_that_is_no_number_is_said_by_all()
    {
        string alone = Assert.Throws<InvalidOperationException>(() => Train(null)).Message;
        Assert.Contains("The loss is no longer a number in epoch 1", alone);
        Assert.All(ProcessGroups.RunAll(2, Train), result => Assert.Equal(alone, Assert.IsType<InvalidOperationException>(result.Exception).Message));

        Dictionary<string, float[]> Train(IProcessGroup? group)
        {
            PermutedSegmentationTrainer.Options options = Recipe(group);
            (options.LearningRate, options.BatchSize) = (1e30, Part);
            return Weights(options, rows: 9);
        }
    }

    [Fact]
    public void One_that_is_cancelled_cancels_all_at_the_same_step_and_the_group_goes_on()
    {
        using var cancel = new CancellationTokenSource();
        (int Steps, Dictionary<string, float[]> Weights)[] results = ProcessGroups.Run(2, group =>
        {
            var reports = new Reports(report =>
            {
                if (group.Rank == 1 && report is { Phase: TrainingPhase.Training, Step: 1 })
                    cancel.Cancel();
            });
            PermutedSegmentationTrainer.Options options = Recipe(group);
            (options.BatchSize, options.Progress) = (Part, reports);
            if (group.Rank == 1)
                options.CancellationToken = cancel.Token;
            Assert.ThrowsAny<OperationCanceledException>(() => Weights(options, rows: 4 * Part));
            (options.Epochs, options.CancellationToken, options.Progress) = (1, default, null);
            return (reports.All.Count(report => report.Phase == TrainingPhase.Training), Weights(options, rows: Part + 1));
        });
        Assert.All(results, result => Assert.Equal(1, result.Steps));
        AssertSame(results[0].Weights, results[1].Weights);
    }
}
