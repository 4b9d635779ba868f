using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class OnnxExportTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    private const int Size = ColorPatches.Size;

    [Fact]
    public void With_the_keys_inputs_any_runtime_gives_the_models_labels_and_probabilities()
    {
        byte[] file = OnnxModel.Export(exported.Locked, new OnnxExportOptions { Probabilities = true });
        using var session = new InferenceSession(file);
        Assert.Equal(["image", "permutation_1", "permutation_2", "permutation_3", "permutation_4", "permutation_5", "permutation_6"], session.InputNames.Order());
        var permutations = exported.Key.GetOnnxInputs(session.ModelMetadata.CustomMetadataMap);
        byte[] images = [.. ColorPatches.Create(5, seed: 4).SelectMany(row => RgbPixels.From(row.Image))];
        var outputs = session.Run(images, [5, Size, Size, 3], permutations);
        Assert.Equal(LabelsOf(exported.Unlocked), outputs["labels"].GetTensorDataAsSpan<byte>().ToArray());
        float[] expected = [.. exported.Plain.ScoresOf(exported.Unlocked).SelectMany(scores => scores)];
        Assert.All(expected.Zip(outputs["probabilities"].GetTensorDataAsSpan<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));

        // No-perm is the locked model, and the labels of another key are no better.
        var identity = permutations.ToDictionary(entry => entry.Key, entry => Enumerable.Range(0, entry.Value.Length).Select(i => (long)i).ToArray());
        Assert.Equal(LabelsOf(exported.Locked), session.Run(images, [5, Size, Size, 3], identity)["labels"].GetTensorDataAsSpan<byte>().ToArray());
        using var wrong = PermutationKey.Generate();
        Assert.Throws<InvalidOperationException>(() => wrong.GetOnnxInputs(session.ModelMetadata.CustomMetadataMap));
        var other = wrong.GetOnnxInputs(session.ModelMetadata.CustomMetadataMap, verify: false);
        Assert.NotEqual(LabelsOf(exported.Unlocked), session.Run(images, [5, Size, Size, 3], other)["labels"].GetTensorDataAsSpan<byte>().ToArray());
    }

    [Fact]
    public void The_file_is_standard_and_says_what_a_program_needs_to_know()
    {
        ModelProto model = exported.Parse();
        Assert.Equal((8, 17, ""), (model.IrVersion, model.OpsetImport.Single().Version, model.OpsetImport.Single().Domain));
        Assert.All(model.Graph.Node, node => Assert.Equal("", node.Domain));
        using var session = new InferenceSession(exported.Path);
        Assert.Equal([-1, Size, Size, 3], session.InputMetadata["image"].Dimensions);
        Assert.Equal(typeof(byte), session.InputMetadata["image"].ElementType);
        Assert.Equal([512], session.InputMetadata["permutation_5"].Dimensions);
        Assert.Equal(typeof(long), session.InputMetadata["permutation_5"].ElementType);
        Assert.Equal(["labels"], session.OutputNames);
        Assert.Equal([-1, Size, Size], session.OutputMetadata["labels"].Dimensions);
        Assert.Equal(typeof(byte), session.OutputMetadata["labels"].ElementType);

        var metadata = session.ModelMetadata.CustomMetadataMap;
        Assert.Equal(("ResNet18", "8", "32", "32"), (metadata["backbone"], metadata["output_stride"], metadata["image_height"], metadata["image_width"]));
        Assert.Equal(exported.Locked.ClassNames, JsonSerializer.Deserialize<string[]>(metadata["class_names"])!);
        Assert.Equal("1,2,3,4,5,6", metadata["feature_maps"]);
        Assert.Equal(exported.Locked.Salt.ToArray(), Convert.FromHexString(metadata["salt"]));
        Assert.Equal(exported.Locked.Fingerprint.ToArray(), Convert.FromHexString(metadata["fingerprint"]));
    }

    [Fact]
    public void Locked_or_unlocked_the_same_file_is_written_and_it_has_protected_weights_only()
    {
        byte[] file = File.ReadAllBytes(exported.Path);
        Assert.True(file.AsSpan().SequenceEqual(OnnxModel.Export(exported.Unlocked)));
        var written = exported.Parse().Graph.Initializer.ToDictionary(tensor => tensor.Name);
        var stored = FoldedWeights.Of(exported.Locked.Model.StoredState());
        var plain = FoldedWeights.Of(exported.Plain.Transformer.Model.StoredState());
        Assert.All(stored, entry => Assert.Equal(entry.Value, written[entry.Key]));
        // The readers of the six maps, and what writes map 1's order into map 2.
        string[] differing = [.. plain.Where(entry => !entry.Value.Equals(written[entry.Key])).Select(entry => entry.Key).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                "backbone.layer1.0.conv1.weight", "backbone.layer1.0.conv2.bias", "backbone.layer1.0.conv2.weight",
                "backbone.layer1.1.conv1.weight", "backbone.layer1.1.conv2.bias", "backbone.layer1.1.conv2.weight",
                "backbone.layer2.0.conv1.weight", "backbone.layer2.0.downsample.0.weight",
                "backbone.layer3.0.conv1.weight", "backbone.layer3.0.downsample.0.weight",
                "backbone.layer4.0.conv1.weight", "backbone.layer4.0.downsample.0.weight",
                "classifier.0.weight", "classifier.4.weight",
            ],
            differing);
        // The classifier has no batch norm: its weights are those of the model file, bit for bit.
        Assert.Equal(exported.Locked.Model.Network.State()["classifier.4.weight"].bytes.ToArray(), written["classifier.4.weight"].RawData.ToByteArray());
        // Nothing else has numbers but what normalises and enlarges.
        Assert.Equal(["image/deviation", "image/mean", "upsample/scales"], written.Keys.Except(stored.Keys).Order());
        byte[] keyStart = [.. Enumerable.Range(1, 8).Select(i => (byte)(5 * i))];
        Assert.Equal(-1, file.AsSpan().IndexOf(keyStart));
    }

    [Fact]
    public void An_unprotected_model_has_no_permutations()
    {
        using var session = new InferenceSession(OnnxModel.Export(exported.Plain.Transformer));
        Assert.Equal(["image"], session.InputNames);
        Assert.Empty(exported.Key.GetOnnxInputs(session.ModelMetadata.CustomMetadataMap));
        Assert.DoesNotContain("salt", session.ModelMetadata.CustomMetadataMap.Keys);
        byte[] images = [.. ColorPatches.Create(5, seed: 4).SelectMany(row => RgbPixels.From(row.Image))];
        Assert.Equal(LabelsOf(exported.Plain.Transformer), session.Run(images, [5, Size, Size, 3], new Dictionary<string, long[]>())["labels"].GetTensorDataAsSpan<byte>().ToArray());
    }

    [Fact]
    public void Images_of_floats_are_not_rounded()
    {
        byte[] file = OnnxModel.Export(exported.Plain.Transformer, new OnnxExportOptions { FloatImages = true, Probabilities = true });
        using var session = new InferenceSession(file);
        Assert.Equal(typeof(float), session.InputMetadata["image"].ElementType);
        byte[] whole = [.. RgbPixels.From(ColorPatches.Create(1, seed: 4)[0].Image)];
        Assert.NotEqual(Probabilities(Array.ConvertAll(whole, value => (float)value)), Probabilities(Array.ConvertAll(whole, value => value + 0.4f)));
        float[] expected = exported.Plain.ScoresOf(exported.Plain.Transformer)[0];
        Assert.All(expected.Zip(Probabilities(Array.ConvertAll(whole, value => (float)value))), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        // The segmenter reads it as any other.
        using var stream = new MemoryStream(file);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(stream);
        Assert.Equal(LabelsOf(exported.Plain.Transformer)[..(Size * Size)], segmenter.Segment(whole, Size, Size).Cast<byte>());

        float[] Probabilities(float[] image)
        {
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(image, [1, Size, Size, 3]);
            using var options = new RunOptions();
            using var outputs = session.Run(options, ["image"], [input], ["probabilities"]);
            return outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }
    }

    [Fact]
    public void Models_that_cannot_be_exported_are_refused()
    {
        SegmentationCatalog segmentation = new MLContext().Segmentation();
        ITransformer other = exported.Plain.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(exported.Plain.Data);
        Assert.Throws<ArgumentException>(() => segmentation.ExportToOnnx(other, Stream.Null));
        Assert.Throws<ArgumentNullException>(() => segmentation.ExportToOnnx(exported.Locked, null!));
        PermutedSegmentationTransformer disposed = exported.Plain.Locked(exported.Locked);
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => segmentation.ExportToOnnx(disposed, Stream.Null));
        ModelDescription encrypting = exported.Locked.Model.Description with { FeatureMaps = FeatureMaps.None, ImageEncryption = BlockScheme.Of(BlockTransformMethod.Shuffle, 4) };
        using SegmentationModel network = exported.Locked.Model.With(key: null);
        using var model = new PermutedSegmentationTransformer(new MLContext(), SegmentationModel.Stored(encrypting, network.Network));
        Assert.Contains("encrypted", Assert.Throws<InvalidOperationException>(() => segmentation.ExportToOnnx(model, Stream.Null)).Message);
    }

    [Fact]
    public void Exporting_leaves_no_tensors_behind()
    {
        long before = SmallNetworks.LiveTensors;
        OnnxModel.Export(exported.Unlocked);
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    // Classes from 0.
    private byte[] LabelsOf(ITransformer model) =>
        [.. model.Transform(exported.Plain.Data).GetColumn<byte[]>("PredictedLabel").SelectMany(labels => labels.Select(label => (byte)(label - 1)))];
}
