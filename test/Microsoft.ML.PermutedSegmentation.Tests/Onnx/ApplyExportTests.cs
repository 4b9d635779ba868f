using Google.Protobuf;
using Microsoft.ML.Data;
using Onnx;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Exports of this library as steps of a pipeline: they do what the model did that was exported.</summary>
public sealed class ApplyExportTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    private readonly MLContext _mlContext = new(seed: 1);

    private SegmentationCatalog Segmentation => _mlContext.Segmentation();

    private IDataView Data => ColorPatches.View(_mlContext, 5);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Labels_scores_and_conditions_are_those_of_the_model(bool seal)
    {
        string path = seal ? exported.Write("apply.sealed.onnx", exported.Unlocked, new OnnxExportOptions { SealingKey = exported.Key }) : exported.Path;
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(path, exported.Key).Fit(Data);
        Assert.Equal((true, true, seal), (model.IsUnlocked, model.IsProtected, model.IsSealed));
        AssertSame(exported.Unlocked, model);
        Assert.Equal(exported.Unlocked.ClassNames, model.ClassNames);
        if (!seal)
        {
            AccessControlMetrics own = Segmentation.EvaluateAccessControl(exported.Unlocked, Data, exported.Key, 1), metrics = Segmentation.EvaluateAccessControl(model, Data, exported.Key, 1);
            Assert.Equal(own.Correct.PixelAccuracy, metrics.Correct.PixelAccuracy, 0.002);
            Assert.Equal(own.NoKey.PixelAccuracy, metrics.NoKey.PixelAccuracy, 0.002);
            Assert.Equal(own.Incorrect.PerKey[0].PixelAccuracy, metrics.Incorrect.PerKey[0].PixelAccuracy, 0.002);
        }
        string saved = path + ".zip";
        _mlContext.Model.Save(model, Data.Schema, saved);
        using var loaded = (ProtectedOnnxTransformer)new MLContext().Model.Load(saved, out _);
        Assert.False(loaded.IsUnlocked);
        using ProtectedOnnxTransformer unlocked = Segmentation.Unlock(loaded, exported.Key, verify: true);
        AssertSame(exported.Unlocked, unlocked);
        Assert.Throws<WrongKeyException>(() => Segmentation.Unlock(loaded, TestKeys.Wrong(), verify: true));
    }

    [Fact]
    public void Windows_give_masks_of_the_images_sizes()
    {
        using PermutedSegmentationTransformer windows = Segmentation.WithScoring(exported.Unlocked, ScoringMode.SlidingWindow, new TestTimeAugmentation(flip: true));
        string path = exported.Write("apply.windows.onnx", windows, new OnnxExportOptions { FixedSize = true });
        using ProtectedOnnxTransformer model = Segmentation.Transforms.ApplyProtectedOnnx(path, exported.Key).Fit(Data);
        AssertSame(windows, model);
        Assert.All(model.Transform(Data).GetColumn<int[]>("PredictedLabelSize"), size => Assert.Equal([ColorPatches.Size, ColorPatches.Size], size));
    }

    [Theory]
    [InlineData("salt", "zz")]
    [InlineData("salt", "00")]
    [InlineData("fingerprint", "0011")]
    public void What_tells_of_its_key_is_checked(string name, string value)
    {
        ModelProto model = exported.Parse();
        model.MetadataProps.Single(entry => entry.Key == name).Value = value;
        string path = exported.Path + ".damaged";
        File.WriteAllBytes(path, model.ToByteArray());
        Assert.Contains($"'{name}'", Assert.Throws<InvalidDataException>(() => OnnxProtection.Describe(path)).Message);
        Assert.Throws<InvalidDataException>(() => Segmentation.Transforms.ApplyProtectedOnnx(path, exported.Key));
    }

    [Fact]
    public void Nothing_is_to_be_said_of_their_images()
        => Assert.Contains("says itself", Assert.Throws<ArgumentException>(() => Segmentation.Transforms.ApplyProtectedOnnx(exported.Path, exported.Key, new OnnxModelOptions())).Message);

    // Folded batch norms round otherwise: a pixel between two classes may get the other one.
    private void AssertSame(ITransformer expected, ITransformer actual)
    {
        IDataView own = expected.Transform(Data), onnx = actual.Transform(Data);
        byte[] labels = [.. own.GetColumn<byte[]>("PredictedLabel").SelectMany(mask => mask)], others = [.. onnx.GetColumn<byte[]>("PredictedLabel").SelectMany(mask => mask)];
        Assert.Equal(labels.Length, others.Length);
        Assert.True(labels.Distinct().Count() > 1);
        Assert.InRange(labels.Zip(others).Count(pair => pair.First != pair.Second), 0, 3);
        foreach ((float[] first, float[] second) in own.GetColumn<float[]>("Score").Zip(onnx.GetColumn<float[]>("Score")))
        {
            Assert.Equal(first.Length, second.Length);
            for (int i = 0; i < first.Length; i++)
                Assert.Equal(first[i], second[i], 1e-3f);
        }
    }
}
