using System.IO.Compression;
using QuickStart;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The console app with the switch off beside the same with it on: nothing but speed and memory may depend on it.</summary>
public sealed class WithoutHooksTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Everything_works_the_same_with_and_without_hooks()
    {
        ShapesDataset.Create(_folder.At("data"), trainCount: 4, validationCount: 2, size: 128);
        Run(hooks: true, "keygen", "--out", _folder.At("key.pem"));
        foreach (bool hooks in (bool[])[true, false])
        {
            // Large enough for Winograd's convolutions, which run on libtorch's threads.
            Run(hooks, "train", "--data", _folder.At("data"), "--train-list", "train", "--key", _folder.At("key.pem"), "--backbone", "resnet18", "--output-stride", "8",
                "--size", "128x128", "--epochs", "1", "--batch-size", "2", "--seed", "1", "--out", Model(hooks));
            Run(hooks, "export-onnx", "--model", Model(hooks), "--out", _folder.At($"{hooks}.onnx"));
        }
        // Only ML.NET itself compresses weights.
        Assert.True(IsStoredAsItIs(Model(hooks: true)));
        Assert.False(IsStoredAsItIs(Model(hooks: false)));

        string[] predictions = [Predict(Model(true), true), Predict(Model(true), false), Predict(Model(false), true), Predict(Model(false), false)];
        byte[][] masks = [.. predictions.Select(folder => File.ReadAllBytes(_folder.At(folder, "val_0001.png")))];
        Assert.All(masks, mask => Assert.Equal(masks[0], mask));
        Assert.Equal(Evaluate(hooks: true), Evaluate(hooks: false));
    }

    private static void Run(bool hooks, params string[] arguments)
    {
        (int exitCode, string text) = WorkbenchProcess.RunWith("Microsoft.ML.PermutedSegmentation.UseHooks", hooks, arguments);
        Assert.True(exitCode == 0, text);
    }

    private static bool IsStoredAsItIs(string model)
    {
        using ZipArchive archive = ZipFile.OpenRead(model);
        ZipArchiveEntry largest = archive.Entries.MaxBy(entry => entry.Length)!;
        return largest.CompressedLength == largest.Length;
    }

    private string Model(bool hooks) => _folder.At($"{hooks}.zip");

    private string Predict(string model, bool hooks)
    {
        string folder = $"{Path.GetFileNameWithoutExtension(model)}-{hooks}";
        Run(hooks, "predict", "--model", model, "--key", _folder.At("key.pem"), "--images", _folder.At("data", "JPEGImages", "val_0001.jpg"), "--out", _folder.At(folder));
        return folder;
    }

    private string Evaluate(bool hooks)
    {
        Run(hooks, "evaluate", "--model", Model(hooks), "--data", _folder.At("data"), "--list", "val", "--key", _folder.At("key.pem"), "--json", _folder.At($"{hooks}.json"));
        return File.ReadAllText(_folder.At($"{hooks}.json"));
    }
}
