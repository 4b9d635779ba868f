using System.Text.Json;
using Google.Protobuf;
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
        Assert.Equal((8, 18, ""), (model.IrVersion, model.OpsetImport.Single().Version, model.OpsetImport.Single().Domain));
        Assert.All(model.Graph.Node, node => Assert.Equal("", node.Domain));
        using var session = new InferenceSession(exported.Path);
        Assert.Equal([-1, -1, -1, 3], session.InputMetadata["image"].Dimensions);
        Assert.Equal(typeof(byte), session.InputMetadata["image"].ElementType);
        Assert.Equal([512], session.InputMetadata["permutation_5"].Dimensions);
        Assert.Equal(typeof(long), session.InputMetadata["permutation_5"].ElementType);
        Assert.Equal(["labels"], session.OutputNames);
        Assert.Equal([-1, Size, Size], session.OutputMetadata["labels"].Dimensions);
        Assert.Equal(typeof(byte), session.OutputMetadata["labels"].ElementType);

        var metadata = session.ModelMetadata.CustomMetadataMap;
        Assert.Equal(("ResNet18", "8", "32", "32"), (metadata["backbone"], metadata["output_stride"], metadata["image_height"], metadata["image_width"]));
        Assert.Equal(exported.Locked.ClassNames, JsonSerializer.Deserialize<string[]>(metadata["class_names"], TestJson.Web)!);
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
        var stored = Folded(exported.Locked.Model);
        var plain = Folded(exported.Plain.Transformer.Model);
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
        Assert.Equal(exported.Locked.Network().State["classifier.4.weight"].bytes.ToArray(), written["classifier.4.weight"].RawData.ToByteArray());
        // Nothing else has numbers but what resizes and normalises.
        Assert.Equal(["image/deviation", "image/mean", "image/size", "upsample/scales"], written.Keys.Except(stored.Keys).Order());
        Assert.All(stored.Keys, name => Assert.Matches(@"^(backbone\.(layer\d\.\d\.)?(conv\d|downsample\.0)|classifier\.[04])\.(weight|bias)$", name));
        byte[] keyStart = [.. Enumerable.Range(1, 8).Select(i => (byte)(5 * i))];
        Assert.Equal(-1, file.AsSpan().IndexOf(keyStart));
    }

    [Fact]
    public void Names_of_classes_may_be_long_and_in_any_language()
    {
        string[] names = [.. Enumerable.Range(0, 255).Select(i => $"{new string('類', 100)} {i}")];
        var description = new ModelDescription(SegmentationNetwork.Fcn, Backbone.ResNet18, outputStride: 8, Size, Size, names);
        using var stream = new MemoryStream();
        OnnxFile.CreateModel(new GraphProto(), description).WriteTo(stream);
        stream.Position = 0;
        Assert.Equal(names, OnnxFile.Read(stream).Description.ClassNames);
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
    public void A_graph_of_fixed_size_resizes_nothing()
    {
        byte[] file = OnnxModel.Export(exported.Locked, new OnnxExportOptions { FixedSize = true });
        Assert.DoesNotContain(ModelProto.Parser.ParseFrom(file).Graph.Node.SelectMany(node => node.Attribute), attribute => attribute.Name == "antialias");
        using var session = new InferenceSession(file);
        Assert.Equal([-1, Size, Size, 3], session.InputMetadata["image"].Dimensions);
        var permutations = exported.Key.GetOnnxInputs(session.ModelMetadata.CustomMetadataMap);
        byte[] images = [.. ColorPatches.Create(5, seed: 4).SelectMany(row => RgbPixels.From(row.Image))];
        Assert.Equal(LabelsOf(exported.Unlocked), session.Run(images, [5, Size, Size, 3], permutations)["labels"].GetTensorDataAsSpan<byte>().ToArray());
        // The segmenter reads it as any other.
        using var stream = new MemoryStream(file);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(stream, exported.Key);
        Assert.Equal(LabelsOf(exported.Unlocked)[..(Size * Size)], segmenter.Segment(images.AsSpan(0, Size * Size * 3), Size, Size).Cast<byte>());
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
        ModelDescription encrypting = exported.Locked.Model.Description.ProtectedWith(exported.Key, FeatureMaps.None, storeFingerprint: true, salt: null, BlockScheme.Of(BlockTransformMethod.Shuffle, 4).ToStep());
        using SegmentationModel network = exported.Locked.Model.With(key: null);
        using var model = new PermutedSegmentationTransformer(new MLContext(), SegmentationModel.Stored(encrypting, network.Network()));
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

    private static IReadOnlyDictionary<string, TensorProto> Folded(SegmentationModel model)
    {
        var state = model.StoredState().ToDictionary(entry => entry.Name, entry => entry.Value.data<float>().ToArray());
        return FoldedWeights.Of(model.Description.Layout, name => state[name]);
    }
}
