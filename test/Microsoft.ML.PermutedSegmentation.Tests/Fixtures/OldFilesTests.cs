using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class OldFilesTests : IDisposable
{
    private readonly MLContext _mlContext = CpuContext.Create();
    private readonly PermutationKey _key = OldFiles.Key();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("unprotected")]
    [InlineData("protected")]
    [InlineData("protected-some")]
    [InlineData("encrypted-images")]
    public void A_model_is_what_it_was(string name)
    {
        JsonNode expected = OldFiles.Expected(name), description = expected["description"]!;
        using var locked = (PermutedSegmentationTransformer)Load($"{name}.zip");
        Assert.Equal(
            [description["backbone"], description["outputStride"], description["imageHeight"], description["imageWidth"], description["featureMaps"],
                description["imageColumnName"], description["predictedLabelColumnName"], description["scoreColumnName"]],
            ((object[])[locked.Backbone, locked.OutputStride, locked.ImageHeight, locked.ImageWidth, locked.FeatureMaps,
                locked.ImageColumnName, locked.PredictedLabelColumnName, locked.ScoreColumnName]).Select(value => value is int number ? number : (JsonNode)$"{value}"), JsonNode.DeepEquals);
        Assert.Equal(description["classNames"]!.AsArray().Select(node => (string?)node), locked.ClassNames);
        Assert.Equal((string?)description["salt"] ?? "", Convert.ToBase64String(locked.Salt.Span));
        Assert.Equal((string?)description["fingerprint"] ?? "", Convert.ToBase64String(locked.Fingerprint.Span));
        Assert.Equal((string?)expected["lockedState"], DigestOf(locked));
        AssertLabels(expected["lockedLabels"], locked);
        if (name == "unprotected")
            return;
        using var unlocked = (PermutedSegmentationTransformer)_mlContext.Segmentation().Unlock(locked, _key, verify: !locked.Fingerprint.IsEmpty);
        Assert.Equal((string?)expected["unlockedState"], DigestOf(unlocked));
        AssertLabels(expected["unlockedLabels"], unlocked);
    }

    // Whatever format it is written in, the weights stay where they are.
    [Fact]
    public void Saved_again_it_is_still_the_same()
    {
        JsonNode expected = OldFiles.Expected("protected");
        using var locked = (PermutedSegmentationTransformer)Load("protected.zip");
        using var unlocked = (PermutedSegmentationTransformer)_mlContext.Segmentation().Unlock(locked, _key, verify: true);
        string path = _folder.At("again.zip");
        _mlContext.Model.Save(unlocked, Rows().Schema, path);
        using var again = (PermutedSegmentationTransformer)_mlContext.Model.Load(path, out _);
        Assert.Equal((string?)expected["lockedState"], DigestOf(again));
        Assert.Equal((string?)expected["description"]!["predictedLabelColumnName"], again.PredictedLabelColumnName);
    }

    [Fact]
    public void A_chain_encrypts_images_as_it_did()
    {
        JsonNode expected = OldFiles.Expected("chain");
        ITransformer locked = Load("chain.zip");
        AssertLabels(expected["lockedLabels"], locked);
        ITransformer unlocked = _mlContext.Segmentation().Unlock(locked, _key, verify: true);
        AssertLabels(expected["unlockedLabels"], unlocked);
        Assert.Equal((string?)expected["salt"], Convert.ToHexStringLower(((IEnumerable<ITransformer>)unlocked).OfType<BlockwiseEncryptingTransformer>().Single().Salt.Span));
        ((IDisposable)locked).Dispose();
    }

    [Fact]
    public void An_onnx_file_labels_as_it_did()
    {
        JsonNode expected = OldFiles.Expected("onnx"), description = OldFiles.Expected("protected")["description"]!;
        using MemoryStream file = OldFiles.Read("model.onnx");
        foreach (PermutationKey? key in (PermutationKey?[])[null, _key])
        {
            file.Position = 0;
            using var segmenter = OnnxSegmenter.Load(file, key);
            Assert.Equal(description["classNames"]!.AsArray().Select(node => (string?)node), segmenter.ClassNames);
            Assert.Equal(FeatureMaps.All, segmenter.FeatureMaps);
            AssertCounts(expected[key is null ? "lockedLabels" : "unlockedLabels"], segmenter.Segment(OldFiles.Picture()).Cast<byte>().Select(label => label + 1));
        }
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("checkpoint-keyed")]
    public void A_training_goes_on_from_a_checkpoint(string name)
    {
        JsonNode expected = OldFiles.Expected(name);
        PermutationKey? key = name == "checkpoint" ? null : _key;
        string path = _folder.At("checkpoint.safetensors");
        using (FileStream file = File.Create(path))
            OldFiles.Read($"{name}.safetensors").CopyTo(file);

        NetworkLayout layout = FcnLayout.Create(new ResNet(ResidualBlock.Basic, [2, 1, 1, 1], width: 2, outputStride: 8), classCount: 3);
        using TorchNetwork network = TorchNetwork.FromState(layout, SmallNetworks.RandomState(layout, seed: 9));
        using var state = new TrainingState(network, ColorPatches.Options());
        using CheckpointReader stored = CheckpointReader.Find(path, key)!;
        stored.RequireSame(TrainingSettings.Of(ColorPatches.Options(), hasKey: key is not null, imageStep: null), seed: 1, epochs: 3);
        stored.RequireSame(new TrainingRows { ClassNames = ["a", "b", "grün"], LearnedRows = 18, ValidationRows = 2, ImagesAndMasks = "00ff" });
        stored.Restore(state, key is null ? null : new WeightProtection(layout, new Dictionary<FeatureMaps, int[]>
        {
            [FeatureMaps.Stage4] = key.GetChannelPermutation(stored.Salt, 5, layout.Find(FeatureMaps.Stage4).Channels),
            [FeatureMaps.Head] = key.GetChannelPermutation(stored.Salt, 6, layout.Find(FeatureMaps.Head).Channels),
        }));
        Assert.Equal(new TrainingPosition { Epoch = 3, BestEpoch = 2, LowestLoss = 0.1, Elapsed = TimeSpan.FromMinutes(1) }, state.Position);
        Assert.Equal((string?)expected["state"], Convert.ToHexStringLower(SHA256.HashData(
            [.. InOldOrder(state).SelectMany(entry => Encoding.UTF8.GetBytes($"{entry.Part}.{entry.Parameter}").Concat(entry.Value.bytes.ToArray()))])));
    }

    // What is learned came before the statistics of batch norm.
    private static IEnumerable<(string Part, string Parameter, Tensor Value)> InOldOrder(TrainingState state) =>
        state.Tensors().OrderBy(entry => entry.Part switch { "weights" => 0, "momentum" => 1, _ => 2 }).ThenBy(entry => entry.Parameter.Contains(".running_"));

    private ITransformer Load(string name)
    {
        using MemoryStream file = OldFiles.Read(name);
        return _mlContext.Model.Load(file, out _);
    }

    private IDataView Rows() => _mlContext.Data.LoadFromEnumerable([new PatchRow { Image = OldFiles.Picture(), Label = new byte[32 * 32] }]);

    private void AssertLabels(JsonNode? expected, ITransformer model) => AssertCounts(expected, model.Transform(Rows()).GetColumn<byte[]>("Guess").Single().Select(label => (int)label));

    // Other processors and other forms of the network round otherwise, and a pixel or two may change sides.
    private static void AssertCounts(JsonNode? expected, IEnumerable<int> keyValues)
    {
        int[] labels = [.. keyValues];
        for (int c = 0; c < 3; c++)
            Assert.InRange(labels.Count(label => label == c + 1), (int)expected![c]! - 10, (int)expected[c]! + 10);
    }

    private static string DigestOf(PermutedSegmentationTransformer model)
    {
        using SegmentationWeights weights = SegmentationWeights.Of(model);
        using var use = weights.Use();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, Tensor value) in use.Value.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.ASCII.GetBytes(name));
            using Tensor inOrder = value.contiguous();
            hash.AppendData(inOrder.bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
