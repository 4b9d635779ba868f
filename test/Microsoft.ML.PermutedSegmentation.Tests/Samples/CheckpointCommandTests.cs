using System.Diagnostics;
using QuickStart;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.Tests.WorkbenchProcess;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The console app's <c>train --checkpoint</c>, killed.</summary>
public sealed class CheckpointCommandTests : IDisposable
{
    private const string WeightDecay = "0.0005";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Takes its time: each time the process has to start, and libtorch with it.
    [Fact]
    public void A_training_killed_again_and_again_ends_with_the_weights_of_one_that_was_left_alone()
    {
        ShapesDataset.Create(_folder.At("data"), trainCount: 12, validationCount: 3, size: 32);
        Succeed("keygen", "--out", _folder.At("key.pem"));
        string[] killed = [.. Train("killed.zip"), "--checkpoint", _folder.At("state", "killed"), "--run-dir", _folder.At("run")];
        // One epoch further each time: six of the eight in all, so that even the last one is not too late.
        for (int epochs = 1; epochs <= 3; epochs++)
            Kill(killed, epochs);
        var (exitCode, text) = Run(killed);
        Assert.True(exitCode == 0, text);
        Assert.Contains("continuing after it", text);
        Succeed(Train("alone.zip"));
        Assert.Equal(Weights("alone.zip"), Weights("killed.zip"));
        Assert.Equal(Enumerable.Range(1, 8).Select(epoch => $"{epoch}"), File.ReadLines(_folder.At("run", "metrics.csv")).Skip(1).Select(line => line.Split(',')[0]));
        string options = File.ReadAllText(_folder.At("run", "run.json"));
        Assert.Equal(["checkpoint.safetensors"], Directory.GetFiles(_folder.At("state", "killed")).Select(Path.GetFileName));
        Assert.Equal(["alone.zip", "key.pem", "killed.zip"], Directory.GetFiles(_folder.Root).Select(Path.GetFileName).Order());

        (exitCode, text) = Run([.. killed.Select(argument => argument == WeightDecay ? "0.1" : argument), "--overwrite"]);
        Assert.Equal(1, exitCode);
        Assert.Contains($"WeightDecay is {WeightDecay} there and 0.1 here", text);
        Assert.DoesNotContain("   at ", text);
        Assert.Equal(options, File.ReadAllText(_folder.At("run", "run.json")));
    }

    private string[] Train(string model) =>
    [
        "train", "--data", _folder.At("data"), "--train-list", "train", "--key", _folder.At("key.pem"), "--feature-maps", "all", "--backbone", "resnet18",
        "--output-stride", "32", "--size", "32x32", "--epochs", "8", "--batch-size", "4", "--learning-rate", "0.05", "--weight-decay", WeightDecay, "--seed", "3", "--out", _folder.At(model),
    ];

    // In what follows an epoch's line: its checkpoint is being written, or is and the next epoch has begun.
    private static void Kill(string[] arguments, int epochs)
    {
        using Process process = Start(arguments);
        for (int told = 0; told < epochs;)
            told += (process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The training ended by itself.")).Contains("training loss") ? 1 : 0;
        process.Kill();
        process.WaitForExit();
        Assert.NotEqual(0, process.ExitCode);
    }

    // The digests of the plain weights.
    private List<string> Weights(string model)
    {
        var mlContext = new MLContext();
        using PermutationKey key = PermutationKey.Load(_folder.At("key.pem"));
        using SegmentationWeights weights = SegmentationWeights.Of(mlContext.Segmentation().Unlock(mlContext.Model.Load(_folder.At(model), out _), key, verify: true));
        weights.Save(_folder.At("weights"));
        (List<(StateEntry Entry, byte[] Values)> tensors, _) = StateDict.Read(_folder.At("weights"));
        File.Delete(_folder.At("weights"));
        return [.. tensors.Select(tensor => $"{tensor.Entry} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(tensor.Values))}")];
    }
}
