using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Models of this library in sealed ONNX files.</summary>
public sealed class SealedExportTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    [Theory]
    [InlineData(FeatureMaps.None)]
    [InlineData(FeatureMaps.All)]
    public void A_sealed_model_becomes_a_sealed_file_that_runs_with_the_key_only(FeatureMaps maps)
    {
        SegmentationCatalog segmentation = exported.Plain.MLContext.Segmentation();
        using var model = segmentation.Protect(exported.Plain.Transformer, exported.Key, new ProtectionOptions { Seal = true, FeatureMaps = maps });
        Assert.Contains("SealingKey", Assert.Throws<InvalidOperationException>(() => OnnxModel.Export(model)).Message);
        var options = new OnnxExportOptions { SealingKey = exported.Key };
        using PermutationKey other = PermutationKey.Generate();
        Assert.Throws<WrongKeyException>(() => OnnxModel.Export(model, new OnnxExportOptions { SealingKey = other }));
        using (PermutedSegmentationTransformer locked = segmentation.Lock(model))
            Assert.Contains("Unlock(", Assert.Throws<InvalidOperationException>(() => OnnxModel.Export(locked, options)).Message);
        byte[] file = OnnxModel.Export(model, options);
        Assert.Contains("Unlock", Assert.Throws<OnnxRuntimeException>(() => new InferenceSession(file)).Message);
        Assert.Contains("sealed", Assert.Throws<InvalidOperationException>(() => Load(file, null)).Message);
        Assert.Throws<WrongKeyException>(() => Load(file, other));
        var image = ColorPatches.Create(1)[0].Image;
        using OnnxSegmenter expected = OnnxSegmenter.Load(exported.Path, exported.Key), actual = Load(file, exported.Key);
        Assert.True(actual.IsUnlocked);
        Assert.Equal(expected.Segment(image), actual.Segment(image));
        for (int i = 3; i < file.Length; i += file.Length / 50)
        {
            byte[] changed = [.. file];
            changed[i] ^= 1;
            Assert.ThrowsAny<InvalidDataException>(() => Load(changed, exported.Key));
        }
    }

    [Fact]
    public void A_file_that_was_exported_open_is_sealed_afterwards_but_not_permuted_again()
    {
        string path = exported.Path + ".sealed";
        OnnxProtection.Protect(exported.Path, path, exported.Key, new OnnxProtectionOptions { Seal = true });
        Assert.DoesNotContain(ForeignModels.Parse(path).MetadataProps, entry => entry.Key == "sha256");
        using PermutationKey other = PermutationKey.Generate();
        Assert.Throws<WrongKeyException>(() => OnnxProtection.Protect(exported.Path, path + "3", other, new OnnxProtectionOptions { Seal = true }));
        Assert.True(OnnxProtection.Describe(exported.Path) is { IsProtected: true, IsSealed: false, IsExport: true, Layers: [] });
        var image = ColorPatches.Create(1)[0].Image;
        using OnnxSegmenter expected = OnnxSegmenter.Load(exported.Path, exported.Key), actual = OnnxSegmenter.Load(path, exported.Key);
        Assert.Equal(expected.Segment(image), actual.Segment(image));
        Assert.Contains("has the old key, too", Assert.Throws<InvalidOperationException>(() => OnnxProtection.Rekey(path, path + "4", exported.Key, other)).Message);
        Assert.Contains("exported", Assert.Throws<InvalidOperationException>(() => OnnxProtection.Protect(exported.Path, path + "2", exported.Key)).Message);
        Assert.Contains("OnnxSegmenter", Assert.Throws<InvalidOperationException>(() => OnnxProtection.Unlock(exported.Path, exported.Key)).Message);
    }

    private static OnnxSegmenter Load(byte[] file, PermutationKey? key)
    {
        using var stream = new MemoryStream(file);
        return OnnxSegmenter.Load(stream, key);
    }
}
