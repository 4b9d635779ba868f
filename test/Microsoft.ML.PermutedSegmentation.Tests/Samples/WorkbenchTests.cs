using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.Data;
using QuickStart;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The console app in a process of its own, which knows of a model no more than its file says.</summary>
public sealed class WorkbenchTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_saved_here_is_evaluated_and_used_in_another_process()
    {
        ShapesDataset.Create(_folder.At("data"), trainCount: 20, validationCount: 5, size: 40);
        var mlContext = new MLContext(seed: 1);
        VocFolder voc = VocFolder.Open(_folder.At("data"));
        IDataView train = voc.Load(mlContext, "train"), validation = voc.Load(mlContext, "val");
        Succeed("keygen", "--out", _folder.At("key.pem"));
        using PermutationKey key = PermutationKey.Load(_folder.At("key.pem"));
        var images = mlContext.Transforms.LoadImages("Image", null, "ImagePath").Fit(train);
        IDataView WithMasks(IDataView rows) => mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", voc.ClassNames).Fit(rows).Transform(rows);
        using var segmenter = mlContext.Segmentation().Trainers.Permuted(key, ColorPatches.Options(epochs: 1)).Fit(images.Transform(WithMasks(train)));
        var model = images.Append(segmenter);
        mlContext.Model.Save(model, train.Schema, _folder.At("model.zip"));

        SegmentationMetrics expected = mlContext.Segmentation().Evaluate(model.Transform(WithMasks(validation)));
        JsonElement correct = Evaluate("--key", _folder.At("key.pem"));
        Assert.Equal(expected.MeanIntersectionOverUnion, correct.GetProperty("meanIntersectionOverUnion").GetDouble(), 1e-12);
        Assert.Equal(expected.MeanImageIntersectionOverUnion, correct.GetProperty("meanImageIntersectionOverUnion").GetDouble(), 1e-12);
        Assert.Equal(expected.ConfusionMatrix[0, 0], correct.GetProperty("confusionMatrix")[0][0].GetInt64());

        JsonElement locked = Evaluate("--no-key");
        SegmentationMetrics expectedLocked = mlContext.Segmentation().Evaluate(mlContext.Model.Load(_folder.At("model.zip"), out _).Transform(WithMasks(validation)));
        Assert.Equal(
            expectedLocked.ConfusionMatrix.ToArray().Cast<long>(),
            locked.GetProperty("confusionMatrix").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(count => count.GetInt64()));

        JsonElement wrong = Evaluate("--wrong-keys", "2");
        Assert.Equal(2, wrong.GetProperty("keys").GetArrayLength());
        Assert.Equal(
            wrong.GetProperty("keys").EnumerateArray().Average(one => one.GetProperty("meanIntersectionOverUnion").GetDouble()),
            wrong.GetProperty("meanIntersectionOverUnion").GetProperty("mean").GetDouble(), 1e-12);

        Succeed("predict", "--model", _folder.At("model.zip"), "--key", _folder.At("key.pem"), "--images", _folder.At("data", "JPEGImages", "val_0001.jpg"), "--out", _folder.At("masks"));
        Succeed("keygen", "--out", _folder.At("other.pem"));
        Assert.Contains("model.zip': This is not the key of the model", Run(
            "predict", "--model", _folder.At("model.zip"), "--key", _folder.At("other.pem"), "--images", _folder.At("data", "JPEGImages"), "--out", _folder.At("none")).Text);
        byte[] predicted = model.Transform(validation).GetColumn<byte[]>("PredictedLabel").First();
        var (indices, height, width) = IndexedPng.Read(_folder.At("masks", "val_0001.png"));
        // The model sees 32 x 32 pixels, the mask has the image's 40 x 40.
        Assert.Equal((40, 40), (height, width));
        byte[] resized = new byte[40 * 40];
        MaskResizer.Resize(predicted, 32, 32, resized, 40, 40);
        Assert.Equal(resized, indices.Select(index => (byte)(index + 1)));
        Assert.Equal((40, 40), ImageFile.CheckWhole(_folder.At("masks", "overlays", "val_0001.png")));

        PredictWhatCanBeRead();
        PredictByWindows();
        CancelWhatTakesNoToken();
    }

    [Fact]
    public void Training_from_the_command_line_makes_a_locked_model()
    {
        ShapesDataset.Create(_folder.At("data"), trainCount: 12, validationCount: 3, size: 32);
        Succeed("keygen", "--out", _folder.At("key.pem"));
        Succeed("train", "--data", _folder.At("data"), "--train-list", "train", "--val-list", "val", "--key", _folder.At("key.pem"),
            "--feature-maps", "1,6", "--backbone", "resnet18", "--output-stride", "16", "--size", "32x48", "--epochs", "1",
            "--batch-size", "4", "--learning-rate", "0.01", "--weight-decay", "0.0005", "--seed", "3", "--out", _folder.At("model.zip"));
        var chain = (IEnumerable<ITransformer>)new MLContext().Model.Load(_folder.At("model.zip"), out _);
        PermutedSegmentationTransformer model = chain.OfType<PermutedSegmentationTransformer>().Single();
        Assert.False(model.IsUnlocked);
        Assert.Equal(FeatureMaps.Stem | FeatureMaps.Head, model.FeatureMaps);
        Assert.Equal((32, 48), (model.ImageHeight, model.ImageWidth));
        Assert.Equal(ShapesDataset.ClassNames, model.ClassNames);
    }

    [Fact]
    public void Failures_and_wrong_usage_have_their_exit_codes_and_one_line_each()
    {
        Assert.Equal(2, Run("train").ExitCode);
        Assert.Equal(2, Run("evaluate", "--model", "m", "--data", "d", "--list", "l", "--no-key", "--wrong-keys", "3").ExitCode);
        Assert.Equal(2, Run("juggle").ExitCode);
        var (exitCode, error) = Run("predict", "--model", "m", "--images", "i", "--no-key", "--out", "o", "--workers", "300");
        Assert.Equal(2, exitCode);
        Assert.Contains("'300' is not a value for --workers; give a whole number from 1 to 256.", error);
        (exitCode, error) = Run("evaluate", "--model", _folder.At("nothing.zip"), "--data", _folder.Root, "--list", "val", "--no-key");
        Assert.Equal(1, exitCode);
        Assert.Contains("nothing.zip", error);
        Assert.DoesNotContain("   at ", error);
        Assert.Equal(0, Run("train", "--help").ExitCode);
    }

    [Fact]
    public void A_training_that_is_stopped_leaves_no_file()
    {
        ShapesDataset.Create(_folder.At("data"), trainCount: 12, validationCount: 3, size: 32);
        using Process process = Start("train", "--data", _folder.At("data"), "--train-list", "train", "--unprotected", "--backbone", "resnet18",
            "--size", "32x32", "--epochs", "1000", "--batch-size", "4", "--out", _folder.At("out", "model.zip"));
        Assert.StartsWith("Data: the layout of PASCAL VOC", process.StandardOutput.ReadLine());
        Assert.Contains("epoch", process.StandardOutput.ReadLine());
        Cancel(process);
        Assert.False(Directory.Exists(_folder.At("out")));
    }

    // The good ones among others, of which none keeps it waiting.
    private void PredictWhatCanBeRead()
    {
        string In(string name) => _folder.At("photos", name);
        byte[] photo = File.ReadAllBytes(_folder.At("data", "JPEGImages", "val_0001.jpg"));
        foreach (string name in (string[])["a.jpg", "b.JPG", "same.jpg", "z.jpg"])
            _folder.Write($"photos/{name}", photo);
        _folder.WriteImage("photos/Same.png", 24, 16, SkiaSharp.SKEncodedImageFormat.Png);
        byte[] damaged = File.ReadAllBytes(In("Same.png"));
        damaged[^20] ^= 1;
        _folder.Write("photos/._a.jpg", [0, 5, 22, 7]);
        _folder.Write("photos/damaged.png", damaged);
        _folder.Write("photos/cut.jpg", photo[..(photo.Length / 2)]);
        _folder.Write("photos/empty.png", []);
        File.CreateSymbolicLink(In("broken.png"), "nowhere");
        Directory.CreateDirectory(In("folder.jpg"));
        Process.Start("mkfifo", In("pipe.png")).WaitForExit();

        var (exitCode, text) = Run("predict", "--model", _folder.At("model.zip"), "--key", _folder.At("key.pem"), "--images", _folder.At("photos"), "--out", _folder.At("many"));
        Assert.Equal(1, exitCode);
        string[] bad = ["broken.png", "cut.jpg", "damaged.png", "empty.png", "folder.jpg", "pipe.png"];
        string[] told = [.. text.Split('\n').Where(line => line.StartsWith("not predicted: "))];
        Assert.Equal(bad.Length, told.Length);
        Assert.All(bad, name => Assert.Single(told, line => line.Contains($"'{In(name)}'")));
        Assert.Contains($"Wrote 5 masks to {_folder.At("many")}", text);
        string[] masks = ["Same.png.png", "a.png", "b.png", "same.jpg.png", "z.png"];
        foreach (string folder in (string[])[_folder.At("many"), _folder.At("many", "overlays")])
            Assert.Equal(masks, Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(masks[1..], name => Assert.Equal(File.ReadAllBytes(_folder.At("masks", "val_0001.png")), File.ReadAllBytes(_folder.At("many", name))));
        Assert.Equal((16, 24), ImageFile.CheckWhole(_folder.At("many", masks[0])));

        (exitCode, text) = Run("predict", "--model", _folder.At("model.zip"), "--key", _folder.At("key.pem"), "--images", In("empty.png"), "--out", _folder.At("none"));
        Assert.Equal(1, exitCode);
        Assert.Contains("Wrote no masks. One file could not be read", text);
        Assert.False(Directory.Exists(_folder.At("none")));
    }

    // What the library gives for the same image.
    private void PredictByWindows()
    {
        _folder.WriteImage("large/large.png", 100, 60, SkiaSharp.SKEncodedImageFormat.Png);
        Succeed("predict", "--model", _folder.At("model.zip"), "--key", _folder.At("key.pem"), "--images", _folder.At("large"), "--out", _folder.At("windows"), "--scoring", "slidingwindow", "--flip", "--scales", "1,1.5", "--workers", "2");
        var mlContext = new MLContext();
        using var key = PermutationKey.Load(_folder.At("key.pem"));
        ITransformer model = mlContext.Segmentation().WithScoring(
            mlContext.Segmentation().Unlock(mlContext.Model.Load(_folder.At("model.zip"), out _), key), ScoringMode.SlidingWindow, new TestTimeAugmentation(flip: true, [1, 1.5]));
        IDataView rows = mlContext.Data.LoadFromEnumerable([new { ImagePath = _folder.At("large", "large.png") }]);
        var (mask, height, width) = IndexedPng.Read(_folder.At("windows", "large.png"));
        Assert.Equal((60, 100), (height, width));
        Assert.Equal(model.Transform(rows).GetColumn<byte[]>("PredictedLabel").Single(), Array.ConvertAll(mask, MaskLabels.ToKeyValue));
    }

    private void CancelWhatTakesNoToken()
    {
        File.WriteAllLines(_folder.At("data", "ImageSets", "Segmentation", "long.txt"), Enumerable.Repeat("val_0001", 20_000));
        using Process process = Start("evaluate", "--model", _folder.At("model.zip"), "--data", _folder.At("data"), "--list", "long", "--no-key");
        // It says so when the model is loaded, and then reads the list.
        Assert.Contains("locked", process.StandardError.ReadLine());
        Cancel(process, "INT", 130);
    }

    private JsonElement Evaluate(params string[] condition)
    {
        string json = _folder.At("metrics.json");
        Succeed(["evaluate", "--model", _folder.At("model.zip"), "--data", _folder.At("data"), "--list", "val", "--json", json, "--overwrite", .. condition]);
        return JsonDocument.Parse(File.ReadAllText(json)).RootElement;
    }
}
