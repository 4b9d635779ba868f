using Microsoft.ML.Data;
using Xunit;
using static Microsoft.ML.PermutedSegmentation.BlockTransformMethod;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class BlockwiseEncryptedTrainerTests : IDisposable
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly PermutationKey _key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(3 * i))]);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void The_network_learns_from_encrypted_images()
    {
        // How well it learns depends on the salt, which is new each time; one that had learned from plain images would read those best.
        using var model = Train(NegativePositive, 2, epochs: 10);
        AccessControlMetrics metrics = _mlContext.Segmentation().EvaluateAccessControl(model, Test(), _key, wrongKeyCount: 2);
        Assert.InRange(metrics.Correct.MeanIntersectionOverUnion, metrics.NoKey.MeanIntersectionOverUnion + 0.15, 1);
        Assert.Equal(2, metrics.Incorrect.PerKey.Count);
        Assert.Equal(metrics.Correct.PixelAccuracy, _mlContext.Segmentation().Evaluate(model.Transform(Test())).PixelAccuracy);
        Assert.Equal(metrics.NoKey.PixelAccuracy, _mlContext.Segmentation().Evaluate(SaveAndLoad(model).Transform(Test())).PixelAccuracy);
    }

    [Theory]
    [InlineData(Shuffle, 4)]
    [InlineData(NegativePositive, 8)]
    public void An_unlocked_model_reads_what_a_locked_one_reads_from_encrypted_images(BlockTransformMethod method, int blockSize)
    {
        using var model = Train(method, blockSize);
        ITransformer locked = SaveAndLoad(model);
        BlockTransform transform = BlockTransform.Derive(method, blockSize, _key, model.Model.Description.Salt);
        List<PatchRow> rows = ColorPatches.Create(5, seed: 9), encrypted = ColorPatches.Create(5, seed: 9);
        foreach (PatchRow row in encrypted)
        {
            byte[] pixels = new byte[4 * ColorPatches.Size * ColorPatches.Size];
            transform.Apply(row.Image.Pixels, pixels, ColorPatches.Size, isBgr: false);
            row.Image = MLImage.CreateFromPixels(ColorPatches.Size, ColorPatches.Size, MLPixelFormat.Rgba32, pixels);
        }
        Assert.Equal(ScoresOf(locked, encrypted), ScoresOf(model, rows));
        Assert.Equal(ScoresOf(locked, encrypted), ScoresOf(_mlContext.Segmentation().Unlock(locked, _key, verify: true), rows));
        Assert.NotEqual(ScoresOf(locked, rows), ScoresOf(model, rows));
        using (var scoring = _mlContext.Segmentation().ForScoring(model))
            Assert.Equal(ScoresOf(model, rows), ScoresOf(scoring, rows));
        using var wrong = TestKeys.Wrong();
        Assert.NotEqual(ScoresOf(model, rows), ScoresOf(_mlContext.Segmentation().Unlock(locked, wrong), rows));
        Assert.Throws<WrongKeyException>(() => _mlContext.Segmentation().Unlock(locked, wrong, verify: true));
    }

    [Fact]
    public void No_other_key_and_no_other_protection_fits_a_network_that_knows_encrypted_images()
    {
        using var model = Train(Shuffle, 4);
        using var other = PermutationKey.Generate();
        SegmentationCatalog segmentation = _mlContext.Segmentation();
        foreach (Func<ITransformer> change in (Func<ITransformer>[])
            [() => segmentation.Protect(model, _key), () => segmentation.Unprotect(model, _key), () => segmentation.Rekey(model, _key, other)])
            Assert.Contains("learned from images that are encrypted", Assert.Throws<InvalidOperationException>(change).Message);
    }

    [Fact]
    public void Bad_input_is_refused_before_training()
    {
        SegmentationTrainersCatalog trainers = _mlContext.Segmentation().Trainers;
        Assert.Contains("32x32", Assert.Throws<ArgumentException>(() => trainers.BlockwiseEncrypted(_key, Shuffle, 5, ColorPatches.Options())).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => trainers.BlockwiseEncrypted(_key, Shuffle, 1, ColorPatches.Options()));
        Assert.Throws<ArgumentOutOfRangeException>(() => trainers.BlockwiseEncrypted(_key, (BlockTransformMethod)7, 4, ColorPatches.Options()));
        Assert.Throws<ArgumentNullException>(() => trainers.BlockwiseEncrypted(null!, Shuffle, 4, ColorPatches.Options()));
    }

    [Theory]
    [InlineData("""{"method":"Shuffle","blockSize":4}""", true)]
    [InlineData("""{ "blockSize": 4, "method": "Shuffle" }""", true)]
    [InlineData("""{"method":"Shuffle","blockSize":5}""", false)]
    [InlineData("""{"method":"Shuffle","blockSize":0}""", false)]
    [InlineData("""{"method":"Shuffle","blockSize":"4"}""", false)]
    [InlineData("""{"method":"Shuffle"}""", false)]
    [InlineData("""{"method":"Shiver","blockSize":4}""", false)]
    [InlineData("""{"method":"0","blockSize":4}""", false)]
    [InlineData("""["Shuffle", 4]""", false)]
    [InlineData("null", false)]
    [InlineData("", false)]
    public void A_damaged_description_is_found(string settings, bool isRight)
    {
        ModelDescription description = new ModelDescription(SegmentationNetwork.Fcn, Backbone.ResNet18, outputStride: 8, 32, 32, ["a", "b"])
            .ProtectedWith(_key, FeatureMaps.None, storeFingerprint: true, salt: null, BlockScheme.Of(Shuffle, 4).ToStep());
        ModelDescription With(ImageStep step) => description.With(new ModelProtection(FeatureMaps.None, step, description.Salt, description.Fingerprint));
        ImageStep step = description.Protection!.ImageStep!;
        Assert.Throws<InvalidDataException>(() => BlockScheme.Of(With(step with { Name = "another step" })));
        if (isRight)
            Assert.Equal(BlockScheme.Of(Shuffle, 4), BlockScheme.Of(With(step with { Settings = settings })));
        else
            Assert.Throws<InvalidDataException>(() => BlockScheme.Of(With(step with { Settings = settings })));
    }

    private PermutedSegmentationTransformer Train(BlockTransformMethod method, int blockSize, int epochs = 1)
        => _mlContext.Segmentation().Trainers.BlockwiseEncrypted(_key, method, blockSize, ColorPatches.Options(epochs))
            .Fit(ColorPatches.View(_mlContext, epochs == 1 ? 12 : 40));

    private IDataView Test() => ColorPatches.View(_mlContext, 9, seed: 4);

    private ITransformer SaveAndLoad(ITransformer model)
    {
        using var stream = new MemoryStream();
        _mlContext.Model.Save(model, Test().Schema, stream);
        stream.Position = 0;
        return _mlContext.Model.Load(stream, out _);
    }

    private float[][] ScoresOf(ITransformer model, List<PatchRow> rows)
        => [.. model.Transform(_mlContext.Data.LoadFromEnumerable(rows)).GetColumn<float[]>("Score")];
}
