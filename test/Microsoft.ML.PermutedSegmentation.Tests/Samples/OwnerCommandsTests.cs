using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML.Data;
using QuickStart;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>
/// What the owner of a model does with its file, by the console app: protect, rekey, unprotect and inspect. Each command is
/// a process that reads and writes a file of 47 MB, so these tests take some seconds.
/// </summary>
public sealed class OwnerCommandsTests : IDisposable
{
    private const int LayersBeforeClassifier = 11_776_448; // torchvision's resnet18 and the head, batch norm statistics included

    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public OwnerCommandsTests()
    {
        foreach (string name in (string[])["a.pem", "b.pem"])
        {
            using var key = PermutationKey.Generate();
            key.Save(_folder.At(name));
        }
        ShapesDataset.Create(_folder.At("data"), trainCount: 12, validationCount: 3, size: 32);
        VocFolder voc = VocFolder.Open(_folder.At("data"));
        IDataView train = voc.Load(_mlContext, "train");
        var images = _mlContext.Transforms.LoadImages("Image", voc.ImageFolder, "ImagePath").Fit(train);
        IDataView masks = _mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", voc.ClassNames).Fit(train).Transform(train);
        using var segmenter = _mlContext.Segmentation().Trainers.Fcn(ColorPatches.Options(epochs: 1)).Fit(images.Transform(masks));
        _mlContext.Model.Save(images.Append(segmenter), train.Schema, _folder.At("plain.zip"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void So_is_an_ONNX_model_of_another_program(bool seal)
    {
        using var models = new ForeignModels();
        string path = _folder.At("made", "unet.onnx"), rekeyed = _folder.At("rekeyed.onnx"), plain = _folder.At("new", "folder", "plain.onnx"), a = _folder.At("a.pem"), b = _folder.At("b.pem");
        Succeed(["protect", "--model", models.At(ForeignModels.External), "--key", a, "--out", path, .. seal ? (string[])["--seal"] : []]);
        Assert.Equal(["unet.onnx", "unet.onnx.data"], Directory.GetFiles(_folder.At("made")).Select(Path.GetFileName).Order());
        var (_, text) = Run("inspect", "--model", path, "--json", _folder.At("unet.json"));
        Assert.Contains(seal ? "sealed" : "input channels of 2 layers", text);
        Assert.Equal(seal, JsonDocument.Parse(File.ReadAllText(_folder.At("unet.json"))).RootElement.GetProperty("isSealed").GetBoolean());
        Succeed("rekey", "--model", path, "--key", a, "--new-key", b, "--out", rekeyed);
        var (exitCode, error) = Run("unprotect", "--model", rekeyed, "--key", a, "--out", plain);
        Assert.Equal(1, exitCode);
        Assert.Contains("rekeyed.onnx': This is not the key of the model", error);
        Assert.False(Directory.Exists(_folder.At("new")));
        Succeed("unprotect", "--model", rekeyed, "--key", b, "--out", plain);
        Assert.Equal(ForeignModels.Run(models.At(ForeignModels.External)), ForeignModels.Run(plain));
        Assert.Empty(Directory.GetFiles(_folder.Root, "*.partial", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_sealed_model_has_no_wrong_keys_to_try()
    {
        string file = _folder.At("sealed.zip");
        Succeed("protect", "--model", _folder.At("plain.zip"), "--key", _folder.At("a.pem"), "--seal", "--out", file);
        var (exitCode, error) = Run("evaluate", "--model", file, "--data", _folder.At("data"), "--list", "val", "--wrong-keys", "1");
        Assert.Equal(1, exitCode);
        Assert.Contains("sealed.zip': This model is sealed: without its key it does not run", error);
        Assert.Contains("sealed.zip': This model is sealed", Run("predict", "--model", file, "--no-key", "--images", _folder.At("data", "JPEGImages"), "--out", _folder.At("none")).Text);
        Assert.DoesNotContain("Parameter", error);
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("protect")]
    public void A_file_with_two_entries_of_one_name_is_refused(string command)
    {
        string file = _folder.At("twice.zip"), made = _folder.At("made.zip");
        File.Copy(_folder.At("plain.zip"), file);
        using (ZipArchive zip = ZipFile.Open(file, ZipArchiveMode.Update))
            zip.CreateEntry(zip.Entries.Single(entry => entry.Name == "Segmentation.safetensors").FullName);
        var (exitCode, error) = Run([command, "--model", file, .. command == "protect" ? (string[])["--key", _folder.At("a.pem"), "--out", made] : []]);
        Assert.Equal(1, exitCode);
        Assert.Contains("twice.zip", error);
        Assert.Contains("two entries of the same name", error);
        Assert.False(File.Exists(made));
    }

    [Fact]
    public void A_model_is_protected_gets_another_key_and_is_plain_again()
    {
        string file = _folder.At("model.zip"), a = _folder.At("a.pem"), b = _folder.At("b.pem");
        var (exitCode, text) = Run("protect", "--model", _folder.At("plain.zip"), "--key", a, "--out", file);
        Assert.Equal(0, exitCode);
        Assert.Contains("keep it away", text);
        Assert.Equal(FeatureMaps.All, Load(file).FeatureMaps);
        byte[] before = File.ReadAllBytes(file);

        string rekeyed = _folder.At("rekeyed.zip"), plain = _folder.At("again.zip");
        (exitCode, text) = Run("rekey", "--model", file, "--key", b, "--new-key", a, "--out", rekeyed);
        Assert.Equal(1, exitCode);
        Assert.False(File.Exists(rekeyed));
        Assert.Contains("model.zip': This is not the key of the model", text);
        Assert.Equal(before, File.ReadAllBytes(file));

        Succeed("rekey", "--model", file, "--key", a, "--new-key", b, "--out", rekeyed);
        using (PermutationKey oldKey = PermutationKey.Load(a), newKey = PermutationKey.Load(b))
        {
            _mlContext.Segmentation().Unlock(Load(rekeyed), newKey, verify: true);
            Assert.Throws<WrongKeyException>(() => _mlContext.Segmentation().Unlock(Load(rekeyed), oldKey, verify: true));
        }
        Succeed("unprotect", "--model", rekeyed, "--key", b, "--out", plain);
        Assert.Equal(ReadNetwork(_folder.At("plain.zip")), ReadNetwork(plain));
        Assert.Equal(2, Run("protect", "--model", file, "--out", file).ExitCode);
    }

    [Fact]
    public void A_file_shows_all_that_it_holds_and_what_it_should_not()
    {
        string file = _folder.At("model.zip");
        Succeed("protect", "--model", _folder.At("plain.zip"), "--key", _folder.At("a.pem"), "--feature-maps", "1,6", "--out", file);
        PermutedSegmentationTransformer model = Load(file);
        using var key = PermutationKey.Load(_folder.At("a.pem"));
        JsonElement report = Inspect(file, out string text);
        Assert.Contains("nothing else in the file", text);

        JsonElement network = report.GetProperty("network");
        Assert.Equal("ResNet18", network.GetProperty("backbone").GetString());
        Assert.Equal(8, network.GetProperty("outputStride").GetInt32());
        Assert.Equal(ShapesDataset.ClassNames, network.GetProperty("classNames").EnumerateArray().Select(name => name.GetString()));
        long parameters = LayersBeforeClassifier + 129 * ShapesDataset.ClassNames.Length;
        Assert.Equal(parameters, network.GetProperty("parameterCount").GetInt64());

        JsonElement protection = report.GetProperty("protection");
        Assert.Equal(
            [(1, 64), (6, 128)],
            protection.GetProperty("featureMaps").EnumerateArray().Select(map => (map.GetProperty("number").GetInt32(), map.GetProperty("channels").GetInt32())));
        Assert.Contains("6 (Head, 128 channels)", text);
        Assert.Equal(FeatureMaps.Stem | FeatureMaps.Head, model.FeatureMaps);
        byte[] salt = Convert.FromHexString(protection.GetProperty("salt").GetString()!);
        Assert.Equal(key.GetFingerprint(salt), Convert.FromHexString(protection.GetProperty("fingerprint").GetString()!));
        Assert.Equal(_folder.At("data", "JPEGImages"), report.GetProperty("steps")[0].GetProperty("folder").GetString());
        Assert.Contains(_folder.At("data", "JPEGImages"), text);

        JsonElement entry = report.GetProperty("file").GetProperty("network");
        byte[] stored = ReadNetwork(file);
        Assert.Equal(stored.Length, entry.GetProperty("total").GetInt64());
        Assert.Equal(4 * parameters, entry.GetProperty("weights").GetInt64());
        Assert.Equal(stored.Length, 8 + BitConverter.ToInt64(stored) + 4 * parameters + 32);
        Assert.Equal(0, entry.GetProperty("unexplained").GetInt64());

        using (ZipArchive zip = ZipFile.Open(file, ZipArchiveMode.Update))
        {
            using var notes = new StreamWriter(zip.CreateEntry("notes.txt").Open());
            notes.Write("something else");
            zip.Comment = "hello";
        }
        JsonElement changed = Inspect(file, out text).GetProperty("file");
        Assert.DoesNotContain("nothing else in the file", text);
        Assert.Contains("notes.txt is not what", text);
        Assert.False(changed.GetProperty("holdsNothingElse").GetBoolean());
        Assert.Equal("hello".Length, changed.GetProperty("unexplainedBytes").GetInt64());
        Assert.Equal(
            ["notes.txt"],
            changed.GetProperty("entries").EnumerateArray().Where(one => !one.GetProperty("isExplained").GetBoolean()).Select(one => one.GetProperty("name").GetString()));
    }

    private JsonElement Inspect(string file, out string text)
    {
        (int exitCode, text) = Run("inspect", "--model", file, "--json", _folder.At("report.json"), "--overwrite");
        Assert.True(exitCode == 0, text);
        return JsonDocument.Parse(File.ReadAllText(_folder.At("report.json"))).RootElement;
    }

    private PermutedSegmentationTransformer Load(string file) => UnprotectedModel.Find(_mlContext.Model.Load(file, out _));

    private static byte[] ReadNetwork(string file)
    {
        using ZipArchive zip = ZipFile.OpenRead(file);
        using Stream entry = zip.Entries.Single(entry => entry.Name == "Segmentation.safetensors").Open();
        using var content = new MemoryStream();
        entry.CopyTo(content);
        return content.ToArray();
    }
}
