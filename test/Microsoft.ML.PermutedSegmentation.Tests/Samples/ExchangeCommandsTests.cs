using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using QuickStart;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The console app's <c>import</c> and <c>export-weights</c>, and <c>train</c> from weights.</summary>
public sealed class ExchangeCommandsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Takes its time: weights come in no smaller size than a ResNet-18's, and ML.NET compresses them whenever a model is saved.
    [Fact]
    public void A_model_from_PyTorch_is_imported_protected_and_exported_with_and_without_its_key()
    {
        string weights = StateDict.Write(_folder.At("in.safetensors"), TorchvisionFixture.State("resnet18"));
        string classes = _folder.WriteText("classes.txt", "ground\nroad\ntree\ncar\nsky\n");
        Succeed("import", "--weights", weights, "--backbone", "resnet18", "--size", "32x64", "--output-stride", "32", "--classes", classes, "--out", _folder.At("plain.zip"));
        var mlContext = new MLContext();
        ITransformer plain = mlContext.Model.Load(_folder.At("plain.zip"), out DataViewSchema schema);
        PermutedSegmentationTransformer model = UnprotectedModel.Find(plain);
        Assert.Equal((32, 64, FeatureMaps.None), (model.ImageHeight, model.ImageWidth, model.FeatureMaps));
        Assert.Equal(["ground", "road", "tree", "car", "sky"], model.ClassNames);

        IDataView images = mlContext.Data.LoadFromEnumerable([new { ImagePath = _folder.WriteImage("a.jpg", 64, 32) }]);
        Assert.Equal(32 * 64, plain.Transform(images).GetColumn<byte[]>("PredictedLabel").Single().Count(label => label is >= 1 and <= 5));

        using PermutationKey key = PermutationKey.Generate();
        key.Save(_folder.At("key.pem"));
        mlContext.Model.Save(mlContext.Segmentation().Protect(plain, key), schema, _folder.At("protected.zip"));
        Assert.Contains("plain", Export("protected.zip", "plain.safetensors", "--key", _folder.At("key.pem")));
        Assert.Contains("protected", Export("protected.zip", "new/stored.safetensors"));

        string[] Changed(string file) => [.. StateDict.Read(_folder.At(file)).Tensors
            .Where(tensor => tensor.Entry.Type == "F32" && !tensor.Values.AsSpan().SequenceEqual(tensor.Entry.Values()))
            .Select(tensor => tensor.Entry.Name)];
        Assert.Empty(Changed("plain.safetensors"));
        Assert.Contains("classifier.4.weight", Changed("new/stored.safetensors"));
        Assert.DoesNotContain("backbone.conv1.weight", Changed("new/stored.safetensors"));
        byte[] damaged = File.ReadAllBytes(_folder.At("plain.zip"));
        damaged[damaged.Length / 2] ^= 1;
        Fail("damaged.zip' is not a model file, or it is damaged: The model is damaged: its checksum is wrong", "inspect", "--model", _folder.Write("damaged.zip", damaged));
        Fail("locked", "import", "--weights", _folder.At("new/stored.safetensors"), "--classes", classes, "--out", _folder.At("x.zip"));
    }

    [Fact]
    public void Training_starts_from_a_ResNet_of_PyTorch()
    {
        ShapesDataset.Create(_folder.At("data"), trainCount: 12, validationCount: 3, size: 32);
        string weights = StateDict.Write(_folder.At("resnet18.safetensors"), TorchvisionFixture.BareResNet18());
        Succeed("train", "--data", _folder.At("data"), "--train-list", "train", "--unprotected", "--backbone", "resnet18", "--initial-weights", weights,
            "--output-stride", "16", "--size", "32x32", "--epochs", "1", "--batch-size", "4", "--learning-rate", "0.0001", "--weight-decay", "0", "--out", _folder.At("model.zip"));
        using PermutedSegmentationTransformer model = UnprotectedModel.Find(new MLContext().Model.Load(_folder.At("model.zip"), out _));
        var kernel = model.Network().State["backbone.conv1.weight"];
        float[] before = MemoryMarshal.Cast<byte, float>(FormulaWeights.Of("conv1.weight", kernel.shape)).ToArray(), after = kernel.data<float>().ToArray();
        Assert.InRange(before.Zip(after, (a, b) => Math.Abs(a - b)).Average(), 0, 0.01 * before.Average(Math.Abs));
        Fail("The initial weights are of ResNet18, but Backbone is ResNet34", "train", "--data", _folder.At("data"), "--train-list", "train", "--unprotected", "--backbone", "resnet34", "--initial-weights", weights,
            "--out", _folder.At("other.zip"));
        Fail("--initial-weights", "tables", "--data", _folder.At("data"), "--train-list", "train", "--test-list", "val", "--preset", "smoke", "--initial-weights", weights, "--pretrained", "--out", _folder.At("tables"));
    }

    [Fact]
    public void Files_that_do_not_fit_are_told_in_one_line_and_nothing_is_written()
    {
        string weights = StateDict.Write(_folder.At("in.safetensors"), TorchvisionFixture.State("resnet18"));
        Fail("ResNet18, not of ResNet50", Import(weights, "--backbone", "resnet50"));
        Fail("5 classes", Import(weights));
        Fail("classes.txt", Import(weights, "--classes", _folder.At("classes.txt")));
        Fail("nothing.safetensors", Import(_folder.At("nothing.safetensors")));
        Fail("'1'", Import(_folder.WriteText("text.safetensors", "this is no such file"), "--size", "1"));
        Fail("text.safetensors", Import(_folder.At("text.safetensors")));
        Fail("text.safetensors", "export-weights", "--model", _folder.At("text.safetensors"), "--out", _folder.At("out.safetensors"));
        Assert.Equal(["in.safetensors", "text.safetensors"], Directory.GetFiles(_folder.Root).Select(Path.GetFileName).Order());
    }

    private string[] Import(string weights, params string[] options) => ["import", "--weights", weights, "--out", _folder.At("model.zip"), .. options];

    private string Export(string model, string output, params string[] options)
    {
        var (exitCode, text) = Run(["export-weights", "--model", _folder.At(model), "--out", _folder.At(output), .. options]);
        Assert.True(exitCode == 0, text);
        return text;
    }

    private static void Fail(string message, params string[] arguments)
    {
        var (exitCode, text) = Run(arguments);
        Assert.NotEqual(0, exitCode);
        Assert.Contains(message, text);
        Assert.DoesNotContain("   at ", text);
    }
}
