using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class UnlockTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    private readonly SegmentationCatalog _segmentation = new MLContext().Segmentation();

    [Fact]
    public void A_fresh_model_is_unlocked_and_a_loaded_one_is_locked()
    {
        Assert.True(trained.Transformer.IsUnlocked);
        Assert.False(Find(trained.Load()).IsUnlocked);
        Assert.Equal(FeatureMaps.All, Find(trained.Load()).FeatureMaps);
    }

    [Fact]
    public void The_key_brings_the_same_scores_back_bit_for_bit()
        => Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(_segmentation.Unlock(trained.Load(), trained.Key, verify: true)));

    [Fact]
    public void Without_the_key_the_labels_are_worth_nothing()
    {
        double correct = MeanIoU(trained.Transformer);
        double locked = MeanIoU(trained.Load());
        correct.Should().BeGreaterThan(0.6);
        locked.Should().BeLessThan(0.6 * correct);
    }

    [Fact]
    public void A_wrong_key_scores_and_warns()
    {
        using var wrong = TestKeys.Wrong();
        ITransformer unlocked = _segmentation.Unlock(trained.Load(), wrong);
        Assert.True(Find(unlocked).IsUnlocked);
        MeanIoU(unlocked).Should().BeLessThan(0.6 * MeanIoU(trained.Transformer));

        var lines = new List<string>();
        trained.MLContext.Log += (_, line) => lines.Add(line.Message);
        trained.MLContext.Segmentation().Unlock(trained.Transformer, wrong);
        Assert.Contains(lines, line => line.Contains("not the key of the model"));
    }

    [Fact]
    public void Verifying_refuses_a_wrong_key()
    {
        using var wrong = PermutationKey.Generate();
        Assert.Throws<InvalidOperationException>(() => _segmentation.Unlock(trained.Load(), wrong, verify: true));
    }

    [Fact]
    public void Unlocking_leaves_the_locked_model_as_it_was()
    {
        ITransformer locked = trained.Load();
        float[][] before = trained.ScoresOf(locked);
        var unlocked = (IDisposable)_segmentation.Unlock(locked, trained.Key);
        Assert.Equal(before, trained.ScoresOf(locked));
        unlocked.Dispose();
        Assert.Equal(before, trained.ScoresOf(locked));
    }

    [Fact]
    public void After_a_wrong_key_the_right_one_still_works()
    {
        using var wrong = TestKeys.Wrong();
        ITransformer once = _segmentation.Unlock(trained.Load(), wrong);
        Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(_segmentation.Unlock(once, trained.Key)));
    }

    [Fact]
    public void A_chain_without_a_segmentation_model_is_refused()
    {
        ITransformer other = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data);
        Assert.Throws<ArgumentException>(() => _segmentation.Unlock(other, trained.Key));
        Assert.Throws<ArgumentException>(() => _segmentation.Unlock(new TransformerChain<ITransformer>(other), trained.Key));
    }

    [Fact]
    public void An_unprotected_model_needs_no_key()
    {
        using var model = trained.MLContext.Segmentation().Trainers.Fcn(ColorPatches.Options(epochs: 1)).Fit(ColorPatches.View(trained.MLContext, 12));
        Assert.True(model.IsUnlocked);
        Assert.Throws<InvalidOperationException>(() => _segmentation.Unlock(model, trained.Key));
    }

    [Fact]
    public void Without_a_stored_fingerprint_a_key_cannot_be_verified()
    {
        var options = ColorPatches.Options(epochs: 1);
        options.StoreFingerprint = false;
        using var model = trained.MLContext.Segmentation().Trainers.Permuted(trained.Key, options).Fit(ColorPatches.View(trained.MLContext, 12));
        _segmentation.Unlock(model, trained.Key);
        Assert.Throws<InvalidOperationException>(() => _segmentation.Unlock(model, trained.Key, verify: true));
    }

    [Fact]
    public void A_locked_model_says_so_once()
    {
        var mlContext = new MLContext();
        int said = 0;
        mlContext.Log += (_, line) => said += line.Message.Contains("locked") ? 1 : 0;
        ITransformer locked = mlContext.Model.Load(trained.ModelPath, out _);
        locked.Transform(trained.Data);
        locked.Transform(trained.Data);
        Assert.Equal(1, said);
    }

    private double MeanIoU(ITransformer model) => _segmentation.Evaluate(model.Transform(trained.Data)).MeanIntersectionOverUnion;

    private static PermutedSegmentationTransformer Find(ITransformer model)
        => model as PermutedSegmentationTransformer ?? ((IEnumerable<ITransformer>)model).OfType<PermutedSegmentationTransformer>().Single();
}
