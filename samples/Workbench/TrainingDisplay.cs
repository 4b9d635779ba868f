using Microsoft.ML.PermutedSegmentation;
using Spectre.Console;

namespace Workbench;

/// <summary>Shows how training goes: a line an epoch and, when there is a terminal, a bar.</summary>
internal static class TrainingDisplay
{
    /// <summary>Runs a training and reports what it tells.</summary>
    public static T Show<T>(Func<IProgress<TrainingProgress>, T> train)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive)
            return train(new Reporter<TrainingProgress>(progress => PrintEpoch(progress, Console.WriteLine)));

        var bar = AnsiConsole.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn());
        return bar.Start(context =>
        {
            var task = context.AddTask("training");
            return train(new Reporter<TrainingProgress>(progress =>
            {
                ShowStep(task, progress);
                PrintEpoch(progress, AnsiConsole.WriteLine);
            }));
        });
    }

    private static void ShowStep(ProgressTask task, TrainingProgress progress)
    {
        var done = progress.StepCount == 0 ? 0 : (double)progress.Step / progress.StepCount;
        task.MaxValue = progress.EpochCount;
        (task.Value, task.Description) = progress.Phase switch
        {
            TrainingPhase.Reading => (0, $"reading images: {progress.Step}"),
            TrainingPhase.Training => (progress.Epoch - 1 + done, $"epoch {progress.Epoch}/{progress.EpochCount}"),
            TrainingPhase.Validating => (progress.Epoch, $"epoch {progress.Epoch}/{progress.EpochCount}, validating"),
            _ => (progress.Epoch, $"epoch {progress.Epoch}/{progress.EpochCount}"),
        };
    }

    private static void PrintEpoch(TrainingProgress progress, Action<string> print)
    {
        if (progress.Phase == TrainingPhase.Resuming)
            print($"epoch {progress.Epoch,3}/{progress.EpochCount}  was the last one in the checkpoint; {(progress.Epoch < progress.EpochCount ? "continuing after it" : "the training is finished")}");
        else if (progress.Phase == TrainingPhase.EpochCompleted)
            print($"epoch {progress.Epoch,3}/{progress.EpochCount}  training loss {progress.TrainingLoss:f4}  "
                + $"validation loss {progress.ValidationLoss:f4}{(progress.IsBest ? " (best)" : "       ")}  {progress.Elapsed:hh\\:mm\\:ss}");
    }
}
