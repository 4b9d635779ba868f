using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using QuickStart;
using Workbench;
using Workbench.Files;
using Workbench.Runs;
using Workbench.Training;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The console app's <c>train --run-dir</c>.</summary>
public sealed class RunFolderTests : IDisposable
{
    private const int Epochs = 2, TestImages = 5;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_leaves_its_options_numbers_report_and_card()
    {
        ShapesDataset.Create(_folder.At("data"), trainCount: 12, validationCount: TestImages, size: 32);
        var (exitCode, told) = Run([.. Train("model.zip"), "--from-scratch", "--output-stride", "32", "--size", "32x32", "--epochs", $"{Epochs}", "--batch-size", "4",
            "--set", "loss.dice=0.5", "--set", "optimizer=Sgd", "--learning-rate", "0.02", "--run-dir", _folder.At("run")]);
        Assert.True(exitCode == 0, told);
        Succeed("evaluate", "--model", _folder.At("model.zip"), "--no-key", "--data", _folder.At("data"), "--list", "val", "--json", _folder.At("scores.json"));
        // No single image's missing classes are warned of.
        Assert.DoesNotContain("warning: No true pixel", told);
        JsonElement scores = JsonDocument.Parse(File.ReadAllText(_folder.At("scores.json"))).RootElement;

        EpochsAreInTheTable(told);
        EpochsAreForTensorBoard();
        ReportHasTheScores(scores);
        string card = File.ReadAllText(_folder.At("run", "README.md"));
        Assert.Contains($"Mean IoU {Four(scores.GetProperty("meanIntersectionOverUnion"))} over the data set", card);
        Assert.Contains("12 images", card);
        Assert.Contains("random weights", card);
        Assert.Contains("which also chose the epoch", card);
        Assert.DoesNotContain(_folder.Root, card);

        // The file of options is the whole recipe.
        Succeed([.. Train("again.zip"), "--from-scratch", "--options", _folder.At("run", "run.json")]);
        Assert.Equal(Weights("model.zip"), Weights("again.zip"));

        (exitCode, told) = Run([.. Train("other.zip"), "--run-dir", _folder.At("run")]);
        Assert.Equal(1, exitCode);
        Assert.Contains("run.json' already exists", told);
        // Another run in its place leaves nothing of it, and says that it knows its test images.
        Succeed([.. Train("model.zip"), "--from-scratch", "--output-stride", "32", "--size", "32x32", "--epochs", "1", "--test-list", "train", "--run-dir", _folder.At("run"), "--overwrite"]);
        Assert.Single(Directory.GetFiles(_folder.At("run"), "events.out.tfevents.*"));
        Assert.Contains("of which 12 are in the training list", File.ReadAllText(_folder.At("run", "README.md")));
        (exitCode, told) = Run([.. Train("other.zip"), "--test-list", "val"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("--test-list needs --run-dir", told);
        // What is wrong with the test images is said before the training.
        (exitCode, told) = Run([.. Train("other.zip"), "--test-list", "tset", "--run-dir", _folder.At("new")]);
        Assert.Equal(1, exitCode);
        Assert.Contains("has no list 'tset'", told);
        Assert.DoesNotContain("training loss", told);
        Assert.False(File.Exists(_folder.At("other.zip")));
        Assert.False(Directory.Exists(_folder.At("new")));
    }

    [Fact]
    public void What_another_run_has_left_is_no_part_of_this_one()
    {
        Directory.CreateDirectory(_folder.At("run"));
        _folder.WriteText("run/run.json", RecipeFile.Format(PermutedSegmentationTrainer.Options.Paper()));
        _folder.WriteText("run/metrics.csv", "epoch,learning_rate,training_loss,validation_loss,validation_mean_iou,is_best,seconds\n1,0.1,9,9,0.1,1,5.0\n");
        _folder.WriteText("run/events.out.tfevents.1", "theirs");
        var options = new PermutedSegmentationTrainer.Options();
        Assert.Contains("already exists", Assert.Throws<IOException>(() => RunFolder.Open(_folder.At("run"), options, isResumed: true, "--run-dir", new Outputs(overwrite: false))).Message);

        var folder = RunFolder.Open(_folder.At("run"), options, isResumed: true, "--run-dir", new Outputs(overwrite: true));
        IProgress<TrainingProgress> progress = folder.Follow(new EpochRecorder(), new Reports());
        foreach (TrainingPhase phase in (TrainingPhase[])[TrainingPhase.Resuming, TrainingPhase.EpochCompleted])
            progress.Report(new TrainingProgress(phase, phase == TrainingPhase.Resuming ? 1 : 2, 3, 0, 0, 0.5, 4, 3, 0.25, true, TimeSpan.FromSeconds(7)));
        Assert.Equal(["2,0.5,4,3,0.25,1,7.0"], File.ReadLines(_folder.At("run", "metrics.csv")).Skip(1));
        Assert.Equal(RecipeFile.Format(options), File.ReadAllText(_folder.At("run", "run.json")));
        Assert.False(File.Exists(_folder.At("run", "events.out.tfevents.1")));
        Assert.Single(Directory.GetFiles(_folder.At("run"), "events.out.tfevents.*"));

        // The same options, and a checkpoint: it goes on.
        folder = RunFolder.Open(_folder.At("run"), options, isResumed: true, "--run-dir", new Outputs(overwrite: false));
        progress = folder.Follow(new EpochRecorder(), new Reports());
        progress.Report(new TrainingProgress(TrainingPhase.Resuming, 2, 3, 0, 0, 0, double.NaN, double.NaN, double.NaN, false, default));
        progress.Report(new TrainingProgress(TrainingPhase.EpochCompleted, 3, 3, 0, 0, 0.25, 2, 1, 0.5, true, TimeSpan.FromSeconds(9)));
        Assert.Equal(["2,0.5,4,3,0.25,1,7.0", "3,0.25,2,1,0.5,1,9.0"], File.ReadLines(_folder.At("run", "metrics.csv")).Skip(1));
    }

    private string[] Train(string model) =>
        ["train", "--data", _folder.At("data"), "--train-list", "train", "--val-list", "val", "--unprotected", "--seed", "3", "--out", _folder.At(model)];

    private void EpochsAreInTheTable(string told)
    {
        string[] lines = File.ReadAllLines(_folder.At("run", "metrics.csv"));
        Assert.Equal(Epochs + 1, lines.Length);
        string[] header = lines[0].Split(',');
        foreach (string[] values in lines.Skip(1).Select(line => line.Split(',')))
        {
            string Value(string name) => double.Parse(values[Array.IndexOf(header, name)], CultureInfo.InvariantCulture).ToString("0.0000", CultureInfo.InvariantCulture);
            Assert.Contains($"training loss {Value("training_loss")}  validation loss {Value("validation_loss")}", told);
            Assert.Contains($"mean IoU {Value("validation_mean_iou")}", told);
        }
        Assert.Contains("steps/s", told);
        Assert.Contains(" left", told);
    }

    // Records of length, checksum, content, checksum (TensorFlow's TFRecord): one about the file, then four numbers an epoch.
    private void EpochsAreForTensorBoard()
    {
        double yesterday = DateTimeOffset.UtcNow.AddDays(-1).ToUnixTimeSeconds();
        byte[] events = File.ReadAllBytes(Assert.Single(Directory.GetFiles(_folder.At("run"), "events.out.tfevents.*")));
        var contents = new List<string>();
        int position = 0;
        while (position < events.Length)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(events.AsSpan(position));
            // The time is the first field, a number of 64 bits.
            Assert.Equal(0x09, events[position + 12]);
            Assert.True(BinaryPrimitives.ReadDoubleLittleEndian(events.AsSpan(position + 13)) > yesterday);
            contents.Add(Encoding.Latin1.GetString(events, position + 12, length));
            position += 12 + length + 4;
        }
        Assert.Equal(events.Length, position);
        Assert.Equal(1 + 4 * Epochs, contents.Count);
        Assert.Equal(Epochs, contents.Count(content => content.Contains("loss/validation")));
    }

    private void ReportHasTheScores(JsonElement scores)
    {
        XElement page = XDocument.Load(_folder.At("run", "report.html")).Root!;
        XElement table = page.Descendants().Single(element => (string?)element.Attribute("id") == "classes" && element.Name.LocalName == "table");
        string[][] rows = [.. table.Descendants().Where(element => element.Name.LocalName == "tbody").Elements().Select(row => row.Elements().Select(cell => cell.Value).ToArray())];
        Assert.Equal(ShapesDataset.ClassNames, rows.Select(row => row[0]));
        Assert.Equal(scores.GetProperty("perClassIntersectionOverUnion").EnumerateArray().Select(Four), rows.Select(row => row[1]));
        // Two best, two worst, and of the middle the one that is left.
        var images = page.Descendants().Where(element => element.Name.LocalName == "img").Select(image => (string)image.Attribute("alt")!).ToList();
        Assert.Equal(3 * TestImages, images.Count);
        double[] perImage = [.. scores.GetProperty("perImageIntersectionOverUnion").EnumerateArray().Select(score => score.GetDouble())];
        IEnumerable<string> shown = page.Descendants().Where(element => (string?)element.Attribute("class") == "score").Select(score => score.Value).Where(score => score.Length > 0);
        Assert.Equal(perImage.OrderDescending().Select(score => score.ToString("0.0000", CultureInfo.InvariantCulture)), shown);
        Assert.Contains(page.Descendants(), element => element.Name.LocalName == "title" && element.Value == "Confusion matrix");
    }

    private static string Four(JsonElement number) => number.ValueKind == JsonValueKind.Null ? "–" : number.GetDouble().ToString("0.0000", CultureInfo.InvariantCulture);

    private List<string> Weights(string model)
    {
        using PermutedSegmentationTransformer loaded = UnprotectedModel.Find(new MLContext().Model.Load(_folder.At(model), out _));
        return [.. loaded.Network().State.Select(entry => $"{entry.Key} {Convert.ToHexString(SHA256.HashData(entry.Value.bytes))}").Order()];
    }
}
