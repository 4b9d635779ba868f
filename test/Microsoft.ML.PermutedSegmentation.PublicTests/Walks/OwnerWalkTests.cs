using Microsoft.ML.Data;

namespace PublicTests.Walks;

/// <summary>What the owner of a trained model does with keys, from file to file.</summary>
public sealed class OwnerWalkTests(SmallModel small) : IClassFixture<SmallModel>, IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly SegmentationCatalog _segmentation = small.MLContext.Segmentation();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_is_protected_given_another_key_and_unprotected_without_losing_a_bit()
    {
        using PermutationKey newKey = PermutationKey.FromPassphrase("a long sentence that is easy to keep in mind", new byte[16]);
        ITransformer protectedModel = SaveAndLoad(_segmentation.Protect(small.Transformer, small.Key));
        ITransformer rekeyed = SaveAndLoad(_segmentation.Rekey(protectedModel, small.Key, newKey));
        ITransformer plain = SaveAndLoad(_segmentation.Unprotect(rekeyed, newKey));

        float[][] expected = ScoresOf(small.Transformer);
        Assert.NotEqual(expected, ScoresOf(protectedModel));
        Assert.Equal(expected, ScoresOf(_segmentation.Unlock(protectedModel, small.Key, verify: true)));
        Assert.Equal(expected, ScoresOf(_segmentation.Unlock(rekeyed, newKey, verify: true)));
        Assert.Equal(expected, ScoresOf(plain));
        _segmentation.Invoking(owner => owner.Unlock(rekeyed, small.Key, verify: true)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void A_prediction_engine_takes_one_image_at_a_time()
    {
        ITransformer unlocked = _segmentation.Unlock(SaveAndLoad(_segmentation.Protect(small.Transformer, small.Key)), small.Key);
        using var engine = small.MLContext.Model.CreatePredictionEngine<PatchRow, Labels>(unlocked);
        foreach (PatchRow row in ColorPatches.Create(3, seed: 4))
            engine.Predict(row).PredictedLabel.Should().HaveCount(ColorPatches.Size * ColorPatches.Size).And.OnlyContain(label => label >= 1 && label <= 3);
    }

    private float[][] ScoresOf(ITransformer model) => [.. model.Transform(small.Data).GetColumn<float[]>("Score")];

    private ITransformer SaveAndLoad(ITransformer model)
    {
        small.MLContext.Model.Save(model, small.Data.Schema, _folder.At("model.zip"));
        return new MLContext { GpuDeviceId = -1 }.Model.Load(_folder.At("model.zip"), out _);
    }

    private sealed class Labels
    {
        public byte[] PredictedLabel { get; set; } = [];
    }
}
