using Microsoft.ML.PermutedSegmentation;
using Spectre.Console;

namespace QuickStart;

/// <summary>A line for each epoch and, where there is a terminal, one that counts its steps.</summary>
internal sealed class ConsoleProgress : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        bool terminal = AnsiConsole.Profile.Capabilities.Interactive;
        if (value.Phase == TrainingPhase.EpochCompleted)
            Console.WriteLine($"{(terminal ? "\r" : "")}epoch {value.Epoch}/{value.EpochCount}: training loss {value.TrainingLoss:F4}, validation loss {value.ValidationLoss:F4}, {value.Elapsed.TotalSeconds:F0} s");
        else if (terminal && value.Phase == TrainingPhase.Training)
            Console.Write($"\repoch {value.Epoch}/{value.EpochCount}: step {value.Step}/{value.StepCount}");
    }
}
