using System.Text.Json;
using Microsoft.ML.Data;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Folders from other tools and systems, in the console app.</summary>
public sealed class WorkbenchDataTests : IDisposable
{
    private const int Count = 6;

    private readonly TempFolder _folder = new();

    // Images of 32 x 1 pixels, half of each an object that is white in the mask; a list from Windows, file names from a Mac and a camera.
    public WorkbenchDataTests()
    {
        for (int i = 0; i < Count; i++)
        {
            _folder.WriteImage($"data/JPEGImages/su\u0308d/p{i}.JPG", 32, 1);
            _folder.Write($"data/SegmentationClass/su\u0308d/p{i}.PNG", PngFile.OneRow(0, 8, [.. Enumerable.Range(0, 32).Select(x => x < 16 ? 0 : 255)]));
        }
        _folder.WriteText("data/ImageSets/Segmentation/Default.txt", string.Concat(Enumerable.Range(0, Count).Select(i => $"s\u00FCd\\p{i}\r\n")));
        _folder.WriteText("data/Class_Names.txt", "_background_\nobject\n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Black_and_white_masks_are_told_and_read_with_an_option()
    {
        var (exitCode, text) = Train();
        Assert.Equal(1, exitCode);
        Assert.Contains("The value 255 is void in a mask: 50.0 % of all pixels are void, and hardly any or no pixels are of class 1 'object'", text);
        Assert.False(File.Exists(_folder.At("model.zip")));

        (exitCode, text) = Train("--binary-masks");
        Assert.True(exitCode == 0, text);
        string[] evaluate = ["evaluate", "--model", _folder.At("model.zip"), "--data", _folder.At("data"), "--list", "default", "--no-key"];
        (exitCode, text) = Run([.. evaluate, "--binary-masks", "--json", _folder.At("metrics.json")]);
        Assert.True(exitCode == 0, text);
        Assert.DoesNotContain("255", text);
        JsonElement matrix = JsonDocument.Parse(File.ReadAllText(_folder.At("metrics.json"))).RootElement.GetProperty("confusionMatrix");
        Assert.All([0, 1], k => Assert.Equal(Count * 32 * 16, matrix[k].EnumerateArray().Sum(count => count.GetInt64())));
        Assert.Contains("warning: The value 255 is void", Run(evaluate).Text);
    }

    [Fact]
    public void A_model_that_was_saved_with_its_masks_predicts_without_them()
    {
        var mlContext = new MLContext(seed: 1);
        VocFolder voc = VocFolder.Open(_folder.At("data"), palette: ClassPalette.Binary);
        IDataView rows = voc.Load(mlContext, "default");
        var pipeline = mlContext.Transforms.LoadImages("Image", null, "ImagePath")
            .Append(mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", voc.ClassNames, voc.Palette))
            .Append(mlContext.Segmentation().Trainers.Fcn(new PermutedSegmentationTrainer.Options
            {
                Backbone = Backbone.ResNet18,
                ImageHeight = 32,
                ImageWidth = 32,
                Epochs = 1,
                BatchSize = 4,
            }));
        using TransformerChain<PermutedSegmentationTransformer> model = pipeline.Fit(rows);
        mlContext.Model.Save(model, rows.Schema, _folder.At("model.zip"));
        Succeed("predict", "--model", _folder.At("model.zip"), "--no-key", "--images", voc.ImageFolder + "/su\u0308d", "--out", _folder.At("masks"));
        Assert.Equal((1, 32), ImageFile.CheckWhole(_folder.At("masks", "p0.png")));

        // The command reads the masks as its options say, and not the saved pipeline as it once did.
        string[] evaluate = ["evaluate", "--model", _folder.At("model.zip"), "--data", _folder.At("data"), "--list", "default", "--no-key"];
        Assert.Contains("255 is void", Run(evaluate).Text);
        var (exitCode, text) = Run([.. evaluate, "--binary-masks"]);
        Assert.True(exitCode == 0, text);
        Assert.DoesNotContain("255", text);
    }

    private (int ExitCode, string Text) Train(params string[] more) => Run([
        "train", "--data", _folder.At("data"), "--train-list", "default", "--unprotected", "--backbone", "resnet18", "--size", "32x32",
        "--batch-size", "4", "--epochs", "1", "--seed", "1", "--out", _folder.At("model.zip"), .. more]);
}
