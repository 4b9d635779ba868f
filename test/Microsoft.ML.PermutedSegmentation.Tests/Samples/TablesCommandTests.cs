using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using QuickStart;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The console app's <c>tables</c>, with the preset that only shows that everything works.</summary>
public sealed class TablesCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public TablesCommandTests() => ShapesDataset.Create(_folder.At("data"), trainCount: 12, validationCount: 3, size: 64);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Table_I_is_the_baseline_protected_in_seven_ways_and_goes_on_where_it_stopped()
    {
        Succeed(Tables("--tables", "I"));

        Dictionary<string, JsonElement> models = Models();
        Assert.Equal(["baseline", "model-1", "model-2", "model-3", "model-4", "model-5", "model-6", "all-maps"], models.Keys);
        // No permutation costs anything: to the last bit.
        Assert.All(models.Values, model => Assert.Equal(models["baseline"].GetProperty("correct").GetRawText(), model.GetProperty("correct").GetRawText()));
        Assert.All(models.Values, model => Assert.Equal("baseline", model.GetProperty("trainedAs").GetString()));
        Assert.Equal([0, 3, 3, 3, 3, 3, 3, 3], models.Values.Select(model => model.GetProperty("wrongKeys").GetArrayLength()));
        Assert.Equal(["baseline.zip"], Directory.GetFiles(_folder.At("out", "models"), "*.zip").Select(Path.GetFileName));
        CheckBaseline(models["baseline"]);
        CheckTableI(models);
        Assert.Contains("</html>", File.ReadAllText(_folder.At("out", "report.html")));

        DateTime[] Written() => [.. models.Keys.Select(name => File.GetLastWriteTimeUtc(_folder.At("out", "models", name + ".json")))];
        DateTime weights = File.GetLastWriteTimeUtc(_folder.At("out", "models", "baseline.zip"));
        File.Delete(_folder.At("out", "models", "baseline.json"));
        File.Delete(_folder.At("out", "models", "model-3.json"));
        DateTime[] before = Written();
        Succeed(Tables("--tables", "I", "--resume"));
        Assert.Equal(weights, File.GetLastWriteTimeUtc(_folder.At("out", "models", "baseline.zip")));
        Assert.Equal([true, false, false, true, false, false, false, false], before.Zip(Written(), (old, now) => old != now));
        Assert.Equal(models.Keys, Models().Keys);
        Assert.Equal(models["baseline"].GetProperty("correct").GetRawText(), Models()["baseline"].GetProperty("correct").GetRawText());
        Assert.Equal(models["baseline"].GetProperty("epochs").GetRawText(), Models()["baseline"].GetProperty("epochs").GetRawText());

        Fail("--resume", Tables("--tables", "I"));
        Fail("seed is 1 there and 2 here", Tables("--tables", "I", "--resume", "--seed", "2"));
    }

    [Fact]
    public void Table_II_trains_a_model_for_each_encryption_and_can_be_stopped()
    {
        StopAfter("shf-16", Tables("--tables", "II", "--block-sizes", "32,16"));
        DateTime first = File.GetLastWriteTimeUtc(_folder.At("out", "models", "shf-16.json"));
        Assert.False(File.Exists(_folder.At("out", "models", "ffx-16.zip")));

        Succeed(Tables("--tables", "II", "--block-sizes", "16", "--resume"));
        Assert.Equal(first, File.GetLastWriteTimeUtc(_folder.At("out", "models", "shf-16.json")));
        Dictionary<string, JsonElement> models = Models();
        Assert.Equal(["shf-16", "np-16", "ffx-16"], models.Keys);
        Assert.Equal(["Shuffle", "NegativePositive", "FormatPreserving"], models.Values.Select(model => model.GetProperty("method").GetString()));
        Assert.All(models.Values, model => Assert.Equal(16, model.GetProperty("blockSize").GetInt32()));
        Assert.All(models.Values, model => Assert.Equal(1, model.GetProperty("epochs").GetArrayLength()));
        Assert.Equal([Ratio(models["np-16"].GetProperty("correct")), "0.3439", "0.2114", "0.0832"], Cells("table-2.md", "NP, 16 x 16", 2, 5, 6, 7));
        Assert.Equal(["-", "-", "-", "0.4094"], Cells("table-2.md", "NP, 8 x 8", 2, 3, 4, 5));
        Assert.Equal(["-", "0.5888"], Cells("table-2.md", "Model-6 (Table I)", 2, 5));
    }

    [Fact]
    public void Models_can_be_trained_one_by_one_from_given_weights()
    {
        string[] data = ["--data", _folder.At("data"), "--train-list", "train"];
        Succeed(["train", .. data, "--unprotected", "--backbone", "resnet18", "--size", "32x32", "--epochs", "1", "--batch-size", "4", "--out", _folder.At("weights.zip")]);
        StopAfter("model-1", Tables("--wrong-keys", "1", "--literal", "--initial-weights", _folder.At("weights.zip")));

        JsonElement model = Json("out", "models", "model-1.json");
        Assert.Equal("model-1", model.GetProperty("trainedAs").GetString());
        Assert.Equal(1, model.GetProperty("epochs").GetArrayLength());
        var chain = (IEnumerable<ITransformer>)new MLContext().Model.Load(_folder.At("out", "models", "model-1.zip"), out _);
        Assert.Equal(FeatureMaps.Stem, chain.OfType<PermutedSegmentationTransformer>().Single().FeatureMaps);
        Assert.Contains("weights.zip", File.ReadAllText(_folder.At("out", "table-1.md")));
        Fail("initialWeightsDigest", Tables("--wrong-keys", "1", "--literal", "--resume"));
        Fail("initialWeights is \"weights.zip\" there and \"ImageNet", Tables("--wrong-keys", "1", "--literal", "--pretrained", "--resume"));
    }

    [Fact]
    public void Wrong_input_is_told_in_one_line_before_any_training()
    {
        Fail("block size 3 does not divide the image size 64x64", Tables("--block-sizes", "2,3"));
        Fail("has no list 'nothing'; it has ", ["tables", "--data", _folder.At("data"), "--train-list", "train", "--test-list", "nothing", "--preset", "smoke", "--out", _folder.At("out")]);
        Fail("The initial weights are of ResNet18, but the preset paper has ResNet50",
            ["tables", "--data", _folder.At("data"), "--train-list", "train", "--test-list", "val", "--preset", "paper", "--pretrained", "--out", _folder.At("out")]);
        Assert.False(Path.Exists(_folder.At("out")));
        _folder.WriteText("out", "in the way");
        Fail($"Cannot write to '{_folder.At("out")}'", Tables());
        Fail("'1,2' names no block sizes", Tables("--block-sizes", "1,2"), exitCode: 2);
        Fail("'2,x' names no block sizes", Tables("--block-sizes", "2,x"), exitCode: 2);
        Fail("--wrong-keys", Tables("--wrong-keys", "0"), exitCode: 2);
        Fail("--pretrained", Tables("--initial-weights", "weights.zip", "--pretrained"), exitCode: 2);
    }

    private string[] Tables(params string[] options) =>
        ["tables", "--data", _folder.At("data"), "--train-list", "train", "--test-list", "val", "--preset", "smoke", "--out", _folder.At("out"), .. options];

    private Dictionary<string, JsonElement> Models() =>
        Json("out", "tables.json").GetProperty("models").EnumerateArray().ToDictionary(model => model.GetProperty("name").GetString()!);

    private JsonElement Json(params string[] path) => JsonDocument.Parse(File.ReadAllText(_folder.At(path))).RootElement;

    // The saved model, scored by another command.
    private void CheckBaseline(JsonElement baseline)
    {
        Succeed("evaluate", "--model", _folder.At("out", "models", "baseline.zip"), "--data", _folder.At("data"), "--list", "val", "--no-key", "--json", _folder.At("metrics.json"));
        foreach (string measure in new[] { "meanIntersectionOverUnion", "meanImageIntersectionOverUnion", "pixelAccuracy" })
            Assert.Equal(Json("metrics.json").GetProperty(measure).GetDouble(), baseline.GetProperty("correct").GetProperty(measure).GetDouble());
    }

    private void CheckTableI(Dictionary<string, JsonElement> models)
    {
        string[] lines = File.ReadAllLines(_folder.At("out", "table-1.csv"));
        string[] names = lines[0].Split(',');
        Assert.Equal(models.Keys.Order(), lines.Skip(1).Select(line => line.Split(',')[0]).Order());
        string[] third = lines.Single(line => line.StartsWith("model-3,")).Split(',');
        JsonElement model = models["model-3"];
        Assert.Equal(names.Length, third.Length);
        Assert.Equal(
            model.GetProperty("wrongKeys").EnumerateArray().Average(key => key.GetProperty("pixelAccuracy").GetDouble()),
            double.Parse(third[Array.IndexOf(names, "incorrect_pixel_accuracy_mean")], CultureInfo.InvariantCulture), 1e-12);
        Assert.Equal("0.4520", double.Parse(third[Array.IndexOf(names, "paper_correct_image_miou")], CultureInfo.InvariantCulture).ToString("f4"));
        Assert.Equal(
            [Ratio(model.GetProperty("correct")), Ratio(model.GetProperty("noKey")), "0.4520", "0.3799", "0.0001"],
            Cells("table-1.md", "3 (Model-3)", 2, 3, 5, 6, 7));
    }

    // Of the first table of a file, whose first column is 1.
    private string[] Cells(string file, string label, params int[] columns)
    {
        string[] cells = [.. File.ReadAllLines(_folder.At("out", file)).First(line => line.StartsWith($"| {label} ")).Split('|').Select(cell => cell.Trim())];
        return [.. columns.Select(column => cells[column])];
    }

    private static void StopAfter(string model, string[] arguments)
    {
        using Process process = Start(arguments);
        while (process.StandardOutput.ReadLine() is { } line && !line.Contains($"{model}: mean IoU"))
        {
        }
        Cancel(process);
    }

    private static string Ratio(JsonElement scores) =>
        scores.GetProperty("meanImageIntersectionOverUnion").GetDouble().ToString("0.0000", CultureInfo.InvariantCulture);

    private static void Fail(string message, string[] arguments, int exitCode = 1)
    {
        var (code, text) = Run(arguments);
        Assert.Equal(exitCode, code);
        Assert.Contains(message, text);
        Assert.DoesNotContain("   at ", text);
        Assert.DoesNotContain("epoch ", text);
    }
}
