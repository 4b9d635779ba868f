using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Data sets of other layouts than PASCAL VOC's in the console app.</summary>
public sealed class WorkbenchLayoutTests : IDisposable
{
    private readonly TempFolder _folder = new();

    // Polygons of YOLO: the left half of each image.
    public WorkbenchLayoutTests()
    {
        for (int i = 0; i < 8; i++)
        {
            _folder.WriteImage($"data/images/p{i}.png", 32, 32 + i, SkiaSharp.SKEncodedImageFormat.Png);
            _folder.WriteText($"data/labels/p{i}.txt", "0 0 0 0.5 0 0.5 1 0 1\n");
        }
        _folder.WriteText("data/data.yaml", "names: [thing]\n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Training_and_evaluation_need_no_lists_where_they_are_obvious()
    {
        var (exitCode, text) = Run("train", "--data", _folder.At("data"), "--unprotected", "--backbone", "resnet18", "--output-stride", "32", "--size", "32x32",
            "--batch-size", "2", "--epochs", "1", "--seed", "1", "--mask-folder", _folder.At("masks"), "--out", _folder.At("model.zip"));
        Assert.True(exitCode == 0, text);
        Assert.Contains("Data: polygons of YOLO, classes of data.yaml, 2 classes, one list 'all', split into train and val by seed 1; training on train, best epoch by val.", text);
        Assert.Equal(8, Directory.GetFiles(_folder.At("masks")).Length);
        Succeed("evaluate", "--model", _folder.At("model.zip"), "--data", _folder.At("data"), "--no-key");

        _folder.WriteText("data/labels/p3.txt", "7 0 0 0.5 0 0.5 1 0 1\n");
        (exitCode, text) = Run("evaluate", "--model", _folder.At("model.zip"), "--data", _folder.At("data"), "--list", "all", "--no-key");
        Assert.Equal(1, exitCode);
        Assert.Contains($"error: '{_folder.At("data", "labels", "p3.txt")}', line 1: there is no class '7'", text);
    }

    [Fact]
    public void A_check_lists_all_problems_and_its_exit_code_says_whether_one_stops_a_training()
    {
        string[] check = ["data", "--data", _folder.At("data"), "--check"];
        _folder.WriteText("data/labels/other.txt", "");
        var (exitCode, text) = Run(check);
        Assert.Equal(0, exitCode);
        Assert.Contains("Lists    all (8 images), train (6 images), val (2 images)", text);
        // 32 x (32 + ... + 39) pixels, half of them of the thing.
        Assert.Matches(@"1  thing +4,544 +50\.00 % +8", text);
        Assert.Contains("images: 8 of 8", text);
        Assert.Contains("warning: The labels '" + _folder.At("data", "labels", "other.txt"), text);

        _folder.Write("data/images/p1.png", [1, 2, 3]);
        _folder.WriteText("data/labels/p2.txt", "0 0.5 0.5 1 1\n");
        (exitCode, text) = Run(check);
        Assert.Equal(1, exitCode);
        Assert.Contains("error: '" + _folder.At("data", "images", "p1.png"), text);
        Assert.Contains("error: '" + _folder.At("data", "labels", "p2.txt"), text);
        Assert.Contains("2 errors and 1 warnings", text);

        (exitCode, text) = Run("data", "--data", _folder.At("data", "images"));
        Assert.Equal(1, exitCode);
        Assert.Contains("is no data set in a layout that is known", text);
    }
}
