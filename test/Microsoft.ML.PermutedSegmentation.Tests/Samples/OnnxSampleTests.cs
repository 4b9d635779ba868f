using System.Diagnostics;
using System.Reflection;
using Microsoft.ML.Data;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>From a model file to a mask with the console app's <c>export-onnx</c> and a program that has no libtorch.</summary>
public sealed class OnnxSampleTests(OnnxModel exported) : IClassFixture<OnnxModel>, IDisposable
{
    private readonly TempFolder _folder = new();

    private static string Sample => typeof(OnnxSampleTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "OnnxSample").Value!;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_program_without_libtorch_gives_the_models_masks()
    {
        Succeed("export-onnx", "--model", exported.Plain.Save(exported.Unlocked), "--out", _folder.At("out", "model.onnx"));
        Assert.Equal(File.ReadAllBytes(exported.Path), File.ReadAllBytes(_folder.At("out", "model.onnx")));
        exported.Key.Save(_folder.At("key.pem"));
        string image = _folder.WriteImage("photo.png", 48, 40, SkiaSharp.SKEncodedImageFormat.Png);

        Assert.DoesNotContain(Directory.EnumerateFiles(Path.GetDirectoryName(Sample)!, "*", SearchOption.AllDirectories), file => Path.GetFileName(file).Contains("torch_cpu"));
        var (exitCode, text) = RunSample(_folder.At("out", "model.onnx"), _folder.At("key.pem"), image, _folder.At("mask.png"));
        Assert.True(exitCode == 0, text);

        using var photo = MLImage.CreateFromFile(image);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(exported.Path, exported.Key);
        var (indices, height, width) = IndexedPng.Read(_folder.At("mask.png"));
        Assert.Equal((32, 32), (height, width));
        Assert.Equal(segmenter.Segment(photo).Cast<byte>(), indices);
    }

    [Fact]
    public void The_files_inputs_and_outputs_are_chosen()
    {
        Assert.Equal(0, Run("export-onnx", "--help").ExitCode);
        string model = exported.Plain.Save(exported.Unlocked);
        Succeed("export-onnx", "--model", model, "--probabilities", "--fixed-size", "--out", _folder.At("chosen.onnx"));
        byte[] expected = OnnxModel.Export(exported.Locked, new OnnxExportOptions { Probabilities = true, FixedSize = true });
        Assert.Equal(expected, File.ReadAllBytes(_folder.At("chosen.onnx")));
        Assert.Equal(2, Run("export-onnx", "--model", model).ExitCode);
    }

    [Fact]
    public void Weights_of_8_bits_need_images_and_the_key_which_seals_the_file_unless_it_is_told_not_to()
    {
        string model = exported.Plain.Save(exported.Unlocked), photos = _folder.At("photos"), key = _folder.At("key.pem"), file = _folder.At("int8.onnx");
        Directory.CreateDirectory(photos);
        string[] common = ["export-onnx", "--model", model, "--int8", "--calibration", photos, "--out", file];
        Assert.Contains("has no images", Run(common).Text);
        string[] images = [_folder.WriteImage("photos/a.png", 48, 40, SkiaSharp.SKEncodedImageFormat.Png), _folder.WriteImage("photos/b.png", 40, 40, SkiaSharp.SKEncodedImageFormat.Png)];
        exported.Key.Save(key);
        Assert.Contains("--key is needed", Run(common).Text);
        Succeed([.. common, "--key", key, "--no-seal"]);
        Assert.Equal(OnnxModel.Export(exported.Unlocked, new OnnxExportOptions { Int8 = OnnxQuantization.FromFiles(images) }), File.ReadAllBytes(file));
        var (_, text) = Run("inspect", "--model", file);
        Assert.Contains("of 8 bits (int8)", text);
        Assert.Contains("permutation_1", text);
        Succeed([.. common, "--key", key, "--overwrite"]);
        Assert.True(OnnxProtection.Describe(file) is { IsSealed: true, IsQuantized: true });
    }

    [Fact]
    public void What_cannot_be_exported_is_told_and_no_file_is_left()
    {
        string text = _folder.WriteText("model.zip", "no model");
        var (exitCode, message) = WorkbenchProcess.Run("export-onnx", "--model", text, "--out", _folder.At("model.onnx"));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("model.zip", message);
        Assert.Equal(["model.zip"], Directory.GetFiles(_folder.Root).Select(Path.GetFileName));
    }

    private static (int ExitCode, string Text) RunSample(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Sample, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error + output.Result);
    }
}
