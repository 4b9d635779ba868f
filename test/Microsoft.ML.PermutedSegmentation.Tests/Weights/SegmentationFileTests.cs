using System.IO.Compression;
using System.Text;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Files are told by their content: each is written under the name of another kind.</summary>
public sealed class SegmentationFileTests(OnnxModel exported) : IClassFixture<OnnxModel>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_the_library_writes_is_known_whatever_its_name()
    {
        string model = _folder.Write("model.safetensors", File.ReadAllBytes(exported.Plain.Save(exported.Plain.Transformer)));
        string onnx = _folder.Write("onnx.zip", File.ReadAllBytes(exported.Path));
        using (SegmentationWeights weights = SegmentationWeights.Of(exported.Plain.Transformer))
            weights.Save(_folder.At("weights.onnx"));
        Assert.Equal(
            [SegmentationFileKind.Model, SegmentationFileKind.Onnx, SegmentationFileKind.Weights],
            new[] { model, onnx, _folder.At("weights.onnx") }.Select(SegmentationFile.KindOf));
        SegmentationWeights.Load(_folder.At("weights.onnx")).Dispose();
        OnnxSegmenter.Load(onnx).Dispose();
        AssertTold(model, "is an ML.NET model, not weights (safetensors or PyTorch)", () => SegmentationWeights.Load(model));
        AssertTold(_folder.At("weights.onnx"), "is a file of weights (safetensors), not an ONNX model", () => OnnxSegmenter.Load(_folder.At("weights.onnx")));
        AssertTold(onnx, "is an ONNX model, not a segmentation model (ML.NET) or weights (safetensors or PyTorch)",
            () => SegmentationFile.Require(onnx, SegmentationFileKind.Model, SegmentationFileKind.Weights));
    }

    public static TheoryData<string, byte[], string> Others => new()
    {
        { "TorchScript", Zip("net/data.pkl", "net/constants.pkl", "net/code/net.py"), "is a TorchScript program" },
        { "another ML.NET model", Zip("TrainingInfo/Version.txt", "Model.key"), "is an ML.NET model of another kind" },
        { "another archive", Zip("hello.txt"), "is a ZIP archive of another kind" },
        { "half an archive", Zip("archive/data.pkl")[..40], "damaged or incomplete" },
        { "Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"u8.ToArray(), "is a Git LFS pointer to the file that is meant, not weights (safetensors or PyTorch); 'git lfs pull' fetches that." },
        { "HTML", "\r\n<!DOCTYPE html><html>Sign in</html>"u8.ToArray(), "is a web page (HTML)" },
        { "HTML with a mark", [0xEF, 0xBB, 0xBF, .. "<HTML>"u8], "is a web page (HTML)" },
        { "text", "conv1.weight 1 2 3\n"u8.ToArray(), "is a text file" },
        { "text that is cut inside of a character", [.. Encoding.UTF8.GetBytes(new string('ä', 300))[1..]], "" },
        { "JSON", "{\"error\": \"not found\"}"u8.ToArray(), "is a JSON file" },
        { "nothing", [], "is empty" },
        { "a picture", [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A], "is a picture (PNG)" },
        { "a key", "-----BEGIN PERMUTATION KEY-----\nAAECAwQF\n-----END PERMUTATION KEY-----\n"u8.ToArray(), "is a permutation key, not weights (safetensors or PyTorch)." },
        { "numbers", [0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0xFF, 0xFE], "is of an unknown kind" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Other_files_are_told_by_name_with_what_to_do(string what, byte[] content, string message)
    {
        string path = _folder.Write("x.y.pth", content);
        Assert.Equal(SegmentationFileKind.Other, SegmentationFile.KindOf(path));
        AssertTold(path, message, () => SegmentationWeights.Load(path));
        AssertTold(path, message.Split(", not ")[0], () => OnnxSegmenter.Load(path));
        Assert.DoesNotContain("AAEC", Assert.Throws<InvalidDataException>(() => SegmentationWeights.Load(path)).ToString());
        Assert.NotEmpty(what);
    }

    [Fact]
    public void Folders_and_missing_files()
    {
        AssertTold(_folder.Root, "is a folder", () => SegmentationWeights.Load(_folder.Root));
        Assert.Throws<FileNotFoundException>(() => SegmentationFile.KindOf(_folder.At("missing")));
        Assert.Throws<ArgumentException>(() => SegmentationFile.Require("", SegmentationFileKind.Model));
    }

    private static void AssertTold(string path, string message, Action use)
    {
        string told = Assert.Throws<InvalidDataException>(use).Message;
        Assert.StartsWith($"'{path}' ", told);
        Assert.Contains(message, told);
    }

    private static byte[] Zip(params string[] names)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (string name in names)
            {
                using Stream entry = archive.CreateEntry(name).Open();
                entry.Write("some bytes"u8);
            }
        }
        return stream.ToArray();
    }
}
