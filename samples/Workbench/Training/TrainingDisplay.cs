using Microsoft.ML.PermutedSegmentation;
using Spectre.Console;

namespace Workbench.Training;

/// <summary>Shows how training goes: a line an epoch and, when there is a terminal, a bar.</summary>
internal static class TrainingDisplay
{
    /// <summary>Runs a training and reports what it tells.</summary>
    public static T Show<T>(Func<IProgress<TrainingProgress>, T> train)
    {
        var pace = new TrainingPace();
        if (!AnsiConsole.Profile.Capabilities.Interactive)
        {
            return train(new Reporter<TrainingProgress>(progress =>
            {
                pace.Add(progress);
                PrintEpoch(progress, pace, Console.WriteLine);
            }));
        }

        var bar = AnsiConsole.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn());
        return bar.Start(context =>
        {
            var task = context.AddTask("training");
            return train(new Reporter<TrainingProgress>(progress =>
            {
                pace.Add(progress);
                ShowStep(task, progress, pace);
                PrintEpoch(progress, pace, AnsiConsole.WriteLine);
            }));
        });
    }

    private static void ShowStep(ProgressTask task, TrainingProgress progress, TrainingPace pace)
    {
        var done = progress.StepCount == 0 ? 0 : (double)progress.Step / progress.StepCount;
        task.MaxValue = progress.EpochCount;
        (task.Value, task.Description) = progress.Phase switch
        {
            TrainingPhase.Reading => (0, $"reading images: {progress.Step}"),
            TrainingPhase.Training => (progress.Epoch - 1 + done, $"epoch {progress.Epoch}/{progress.EpochCount} {pace.Rate}"),
            TrainingPhase.Validating => (progress.Epoch, $"epoch {progress.Epoch}/{progress.EpochCount}, validating"),
            _ => (progress.Epoch, $"epoch {progress.Epoch}/{progress.EpochCount}"),
        };
    }

    private static void PrintEpoch(TrainingProgress progress, TrainingPace pace, Action<string> print)
    {
        if (progress.Phase == TrainingPhase.Resuming)
            print($"epoch {progress.Epoch,3}/{progress.EpochCount}  was the last one in the checkpoint; {(progress.Epoch < progress.EpochCount ? "continuing after it" : "the training is finished")}");
        else if (progress.Phase == TrainingPhase.EpochCompleted)
            print($"epoch {progress.Epoch,3}/{progress.EpochCount}  training loss {progress.TrainingLoss:f4}  "
                + $"validation loss {progress.ValidationLoss:f4}{(progress.IsBest ? " (best)" : "       ")}  mean IoU {progress.ValidationMeanIntersectionOverUnion:f4}  {progress.Elapsed:hh\\:mm\\:ss}  {pace.Rate}  {TrainingPace.Left(progress)}".TrimEnd());
    }
}
