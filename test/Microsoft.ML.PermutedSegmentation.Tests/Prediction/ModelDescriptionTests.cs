using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ModelDescriptionTests : IDisposable
{
    private readonly PermutationKey _key = OldFiles.Key();

    public void Dispose() => _key.Dispose();

    [Theory]
    [InlineData(SegmentationNetwork.Fcn, Backbone.ResNet101)]
    [InlineData(SegmentationNetwork.DeepLabV3, Backbone.ResNet50)]
    [InlineData(SegmentationNetwork.LrAspp, Backbone.MobileNetV3Large)]
    public void What_is_told_of_a_model_is_read_again(SegmentationNetwork network, Backbone backbone)
    {
        string[] names = [.. Enumerable.Range(0, 255).Select(i => $"{i} \"\\類 {new string('é', 500)}")];
        var plain = new ModelDescription(network, backbone, outputStride: 16, 16384, 16, names);
        foreach (FeatureMaps maps in (FeatureMaps[])[FeatureMaps.None, FeatureMaps.All, FeatureMaps.Stem | FeatureMaps.Head])
        {
            ModelDescription model = maps == FeatureMaps.None ? plain : plain.ProtectedWith(_key, maps, storeFingerprint: maps == FeatureMaps.All);
            using var stream = new MemoryStream();
            new ModelWriter(stream, model, model.Layout.Parameters.Select(weight => weight.Name), ModelColumns.Default.ToMetadata()).Dispose();
            long length = stream.Length + model.Layout.Parameters.Sum(weight => weight.Shape.Aggregate(4L, (product, side) => product * side)) + 32;
            stream.Position = 0;
            ModelDescription read = StoredModel.Open(stream, length).Description;
            Assert.Equal(ModelMetadata.Write(model), ModelMetadata.Write(read));
            Assert.Equal((names, maps), (read.ClassNames.ToArray(), read.FeatureMaps), (a, b) => a.Item1.SequenceEqual(b.Item1) && a.Item2 == b.Item2);
        }
    }

    // What cannot be loaded cannot be made, and so not trained.
    [Fact]
    public void A_description_of_the_impossible_cannot_be_made()
    {
        string[] names = ["a", "b"];
        ModelDescription Make(int stride = 8, int height = 32, int width = 32, params string[] classes) =>
            new(SegmentationNetwork.Fcn, Backbone.ResNet18, stride, height, width, classes.Length == 0 ? names : classes);
        foreach (Action make in (Action[])
            [
                () => Make(stride: 4), () => Make(height: 0), () => Make(height: 33), () => Make(width: 16384 + 8), () => Make(classes: ["a"]), () => Make(classes: ["a", "a"]),
                () => Make(classes: ["a", " "]), () => Make(classes: ["a", null!]), () => Make(classes: ["a", new string('b', 1 << 20)]),
                () => _ = new ModelDescription(SegmentationNetwork.Fcn, (Backbone)99, 8, 32, 32, names), () => _ = new ModelDescription((SegmentationNetwork)99, Backbone.ResNet18, 8, 32, 32, names),
                () => _ = new ModelDescription(SegmentationNetwork.LrAspp, Backbone.ResNet18, 8, 32, 32, names), () => _ = new ModelDescription(SegmentationNetwork.LrAspp, Backbone.MobileNetV3Large, 8, 32, 32, names),
                () => _ = new ModelProtection(FeatureMaps.All, null, new byte[15], null), () => _ = new ModelProtection(FeatureMaps.All, null, new byte[16], new byte[7]),
                () => _ = new ModelProtection(FeatureMaps.None, null, new byte[16], null), () => _ = new ModelProtection((FeatureMaps)64, null, new byte[16], null),
            ])
            Assert.ThrowsAny<ArgumentException>(make);
        Assert.Equal(names, Make().ClassNames);
    }
}
