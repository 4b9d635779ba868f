using System.Globalization;
using Microsoft.ML.PermutedSegmentation;
using TorchSharp;
using TorchSharp.Modules;
using Workbench.Files;
using Workbench.Report;
using Workbench.Training;

namespace Workbench.Runs;

/// <summary>
/// The folder that <c>train --run-dir</c> leaves: the options, the epochs as CSV and for TensorBoard, and when the training is finished a report
/// and a model card.
/// </summary>
internal sealed class RunFolder
{
    /// <summary>All options of the training; <c>train --options</c> reads it.</summary>
    public const string OptionsFile = "run.json";

    /// <summary>A line for each epoch.</summary>
    public const string EpochsFile = "metrics.csv";

    private const string ReportName = "report.html", CardName = "README.md";
    private const string Header = "epoch,learning_rate,training_loss,validation_loss,validation_mean_iou,is_best,seconds";

    private readonly string _options;
    private readonly Outputs _outputs;
    private readonly bool _goesOn;

    private RunFolder(string path, string options, bool isResumed, Outputs outputs)
    {
        (Path, _options, _outputs) = (path, options, outputs);
        _goesOn = isResumed && File.Exists(At(OptionsFile)) && File.ReadAllText(At(OptionsFile)) == options;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Chooses the folder. Nothing is written before the first epoch has ended.</summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="options">Those of the training.</param>
    /// <param name="isResumed">Whether there is a checkpoint of the training. Then what a run with the same options has left is gone on with.</param>
    /// <param name="option">The option that names the folder.</param>
    /// <param name="outputs">What the command writes.</param>
    public static RunFolder Open(string path, PermutedSegmentationTrainer.Options options, bool isResumed, string option, Outputs outputs)
    {
        var folder = new RunFolder(path, RecipeFile.Format(options), isResumed, outputs);
        foreach (var (file, mayBeThere) in new[] { (OptionsFile, folder._goesOn), (EpochsFile, folder._goesOn), (ReportName, false), (CardName, false) })
            outputs.Add(option, folder.At(file), mayBeThere);
        return folder;
    }

    /// <summary>Takes note of a training: each epoch is in the files as soon as it has ended.</summary>
    /// <param name="recorder">Is told, and knows the epochs; those before a break come from the folder.</param>
    /// <param name="next">Is told afterwards: what it shows is in the files.</param>
    public IProgress<TrainingProgress> Follow(EpochRecorder recorder, IProgress<TrainingProgress> next)
    {
        SummaryWriter? board = null;
        return new Reporter<TrainingProgress>(progress =>
        {
            if (progress.Phase == TrainingPhase.Resuming)
                recorder.Start(ReadEpochs().Where(epoch => epoch.Epoch <= progress.Epoch));
            recorder.Report(progress);
            if (progress.Phase == TrainingPhase.EpochCompleted)
            {
                board ??= Begin();
                WriteEpochs(recorder.Epochs);
                WriteEvents(board, progress);
            }
            next.Report(progress);
        });
    }

    /// <summary>Writes the report and the model card.</summary>
    public void Finish(RunSummary run)
    {
        _outputs.Write(At(ReportName), path => RunReport.Write(path, run));
        _outputs.Write(At(CardName), path => ModelCard.Write(path, run));
    }

    private SummaryWriter Begin()
    {
        // TensorBoard would show the curves of two trainings as one.
        if (!_goesOn && _outputs.MayReplace && Directory.Exists(Path))
        {
            foreach (var events in Directory.GetFiles(Path, "events.out.tfevents.*"))
                File.Delete(events);
        }
        Write(OptionsFile, path => File.WriteAllText(path, _options));
        return torch.utils.tensorboard.SummaryWriter(Path);
    }

    private static void WriteEvents(SummaryWriter board, TrainingProgress progress)
    {
        board.add_scalar("loss/training", (float)progress.TrainingLoss, progress.Epoch);
        board.add_scalar("loss/validation", (float)progress.ValidationLoss, progress.Epoch);
        board.add_scalar("mean IoU/validation", (float)progress.ValidationMeanIntersectionOverUnion, progress.Epoch);
        board.add_scalar("learning rate", (float)progress.LearningRate, progress.Epoch);
    }

    private void WriteEpochs(IReadOnlyList<EpochResult> epochs) => Write(EpochsFile, path => File.WriteAllLines(path, epochs.Select(Line).Prepend(Header)));

    private static string Line(EpochResult epoch) => string.Create(CultureInfo.InvariantCulture,
        $"{epoch.Epoch},{epoch.LearningRate},{epoch.TrainingLoss},{epoch.ValidationLoss},{epoch.ValidationMeanIntersectionOverUnion},{(epoch.IsBest ? 1 : 0)},{epoch.Elapsed.TotalSeconds:0.0}");

    // What another run has left is none of this one's; and of a training that began without this folder there is nothing.
    private IEnumerable<EpochResult> ReadEpochs()
    {
        if (!_goesOn || !File.Exists(At(EpochsFile)))
            return [];
        try
        {
            return [.. File.ReadLines(At(EpochsFile)).Skip(1).Select(Read)];
        }
        catch (Exception exception) when (exception is FormatException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException($"'{At(EpochsFile)}' was not written by this program, or is damaged; delete it, or choose another folder.", exception);
        }
    }

    private static EpochResult Read(string line)
    {
        var fields = line.Split(',');
        double Number(int field) => double.Parse(fields[field], CultureInfo.InvariantCulture);
        return new EpochResult(int.Parse(fields[0], CultureInfo.InvariantCulture), Number(1), Number(2), Number(3), Number(4), fields[5] == "1")
        {
            Elapsed = TimeSpan.FromSeconds(Number(6)),
        };
    }

    // What is there is of this run, and was checked.
    private void Write(string name, Action<string> write) => OutputFile.Write(At(name), overwrite: true, write);

    private string At(string name) => System.IO.Path.Combine(Path, name);
}
