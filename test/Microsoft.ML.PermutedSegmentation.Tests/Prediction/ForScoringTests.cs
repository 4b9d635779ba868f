using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Models that only score have no weights but those that score, score like any other, and say what they cannot do.</summary>
public sealed class ForScoringTests(UnprotectedModel plain) : IClassFixture<UnprotectedModel>
{
    private readonly SegmentationCatalog _catalog = plain.MLContext.Segmentation();

    public static TheoryData<string> Uses => [.. UsesOfWeights.Keys];

    // By name: a protected, unlocked model that only scores.
    private static readonly Dictionary<string, Action<SegmentationCatalog, PermutedSegmentationTransformer, UnprotectedModel>> UsesOfWeights = new()
    {
        ["Save"] = (_, model, plain) => plain.MLContext.Model.Save(model, plain.Data.Schema, Stream.Null),
        ["Lock"] = (catalog, model, _) => catalog.Lock(model),
        ["Unlock"] = (catalog, model, plain) => catalog.Unlock(model, plain.Key),
        ["Unlock with a wrong key"] = (catalog, model, _) => catalog.Unlock(model, TestKeys.Wrong(), verify: false),
        ["Unprotect"] = (catalog, model, plain) => catalog.Unprotect(model, plain.Key),
        ["Rekey"] = (catalog, model, plain) => catalog.Rekey(model, plain.Key, TestKeys.Wrong()),
        ["WithScoring"] = (catalog, model, _) => catalog.WithScoring(model, ScoringMode.SlidingWindow),
        ["WithPrecision"] = (catalog, model, _) => catalog.WithPrecision(model, ScoringPrecision.BFloat16),
        ["WithInputWorkers"] = (catalog, model, _) => catalog.WithInputWorkers(model, 2),
        ["ForScoring"] = (catalog, model, _) => catalog.ForScoring(model),
        ["EvaluateAccessControl"] = (catalog, model, plain) => catalog.EvaluateAccessControl(model, plain.Data, plain.Key, wrongKeyCount: 1),
        ["EvaluateWrongKeys"] = (catalog, model, plain) => catalog.EvaluateWrongKeys(model, plain.Data, 1),
        ["EvaluateAttacks"] = (catalog, model, plain) => catalog.EvaluateAttacks(model, plain.Data, plain.Data, plain.Key),
        ["SegmentationWeights.Of"] = (_, model, _) => SegmentationWeights.Of(model),
        ["ExportToOnnx"] = (catalog, model, _) => catalog.ExportToOnnx(model, Stream.Null),
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public void What_needs_the_weights_is_refused_and_told_where_they_are(string use)
    {
        using PermutedSegmentationTransformer model = _catalog.Protect(plain.Transformer, plain.Key), scoring = _catalog.ForScoring(model);
        AssertTold(Assert.Throws<InvalidOperationException>(() => UsesOfWeights[use](_catalog, scoring, plain)));
    }

    [Fact]
    public void Nor_can_it_be_protected_or_locked_by_what_sealed_it()
    {
        using PermutedSegmentationTransformer unprotected = _catalog.ForScoring(plain.Transformer);
        AssertTold(Assert.Throws<InvalidOperationException>(() => _catalog.Protect(unprotected, plain.Key)));
        using PermutedSegmentationTransformer model = Sealed(), scoring = _catalog.ForScoring(model);
        AssertTold(Assert.Throws<InvalidOperationException>(() => _catalog.Lock(scoring)));
        Assert.Equal(plain.ScoresOf(plain.Transformer), plain.ScoresOf(scoring));
    }

    // Locked and by windows, too, and in the numbers that were chosen before.
    [Theory]
    [InlineData(true, ScoringMode.Resize, ScoringPrecision.Single)]
    [InlineData(false, ScoringMode.Resize, ScoringPrecision.Single)]
    [InlineData(true, ScoringMode.SlidingWindow, ScoringPrecision.BFloat16)]
    public void It_scores_as_the_model_that_it_was_made_from_and_outlives_it(bool isUnlocked, ScoringMode mode, ScoringPrecision precision)
    {
        PermutedSegmentationTransformer unlocked = _catalog.Protect(plain.Transformer, plain.Key), stored = isUnlocked ? unlocked : _catalog.Lock(unlocked),
            windowed = _catalog.WithScoring(stored, mode), chosen = _catalog.WithInputWorkers(_catalog.WithPrecision(windowed, precision), 3);
        float[][] expected = plain.ScoresOf(chosen);
        using PermutedSegmentationTransformer scoring = _catalog.ForScoring(chosen);
        foreach (PermutedSegmentationTransformer other in (PermutedSegmentationTransformer[])[unlocked, stored, windowed, chosen])
            other.Dispose();
        Assert.Equal(expected, plain.ScoresOf(scoring));
        Assert.Equal((isUnlocked, mode, precision, 3), (scoring.IsUnlocked, scoring.ScoringMode, scoring.Precision, scoring.InputWorkers));
        Assert.Equal(plain.Transformer.ParameterCount, scoring.ParameterCount);
    }

    [Fact]
    public void Of_a_chain_the_other_steps_stay()
    {
        ITransformer chain = plain.MLContext.Transforms.CopyColumns("Copy", "Image").Fit(plain.Data).Append(_catalog.Protect(plain.Transformer, plain.Key));
        byte[][] expected = plain.LabelsOf(chain);
        ITransformer scoring = _catalog.ForScoring(chain);
        ((IDisposable)chain).Dispose();
        Assert.Equal(expected, plain.LabelsOf(scoring));
        Assert.NotNull(scoring.GetOutputSchema(plain.Data.Schema).GetColumnOrNull("Copy"));
        ((IDisposable)scoring).Dispose();
        Assert.Throws<ObjectDisposedException>(() => plain.LabelsOf(scoring));
        Assert.Throws<ArgumentNullException>("model", () => _catalog.ForScoring((ITransformer)null!));
    }

    // As it is stored a convolution has batch norm's four tensors, besides those that score.
    [Theory]
    [InlineData(ScoringPrecision.Single)]
    [InlineData(ScoringPrecision.BFloat16)]
    public void A_segmenter_has_no_weights_but_those_that_score(ScoringPrecision precision)
    {
        string path = plain.Save(plain.Transformer);
        long before = SmallNetworks.LiveTensors, expected;
        using (ScoringForm(precision))
            expected = SmallNetworks.LiveTensors - before;
        using (var segmenter = TorchSegmenter.Load(path, precision: precision))
        {
            Assert.Equal(expected, SmallNetworks.LiveTensors - before);
            using MLImage image = ColorPatches.Create(1)[0].Image;
            Assert.Equal(segmenter.ImageHeight * segmenter.ImageWidth, segmenter.Score([image])[0].Labels.Length);
            Assert.Equal(expected, SmallNetworks.LiveTensors - before);
            AssertTold(Assert.Throws<InvalidOperationException>(() => plain.Save(segmenter.Transformer)));
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void A_sealed_model_without_its_key_cannot_score()
    {
        using PermutedSegmentationTransformer model = Sealed(), locked = _catalog.Lock(model);
        Assert.Contains("sealed", Assert.Throws<InvalidOperationException>(() => _catalog.ForScoring(locked)).Message);
    }

    [Fact]
    public void What_is_left_of_a_file_that_it_was_saved_over_is_told_apart_from_a_model()
    {
        string path = plain.Save(plain.Transformer);
        using (var segmenter = TorchSegmenter.Load(path))
            AssertTold(Assert.Throws<InvalidOperationException>(() => plain.MLContext.Model.Save(segmenter.Transformer, plain.Data.Schema, path)));
        Assert.Contains($"'{path}': It is damaged", Assert.Throws<InvalidDataException>(() => TorchSegmenter.Load(path)).Message);
    }

    private PermutedSegmentationTransformer Sealed() => _catalog.Protect(plain.Transformer, plain.Key, new ProtectionOptions { Seal = true });

    private ScoringNetwork ScoringForm(ScoringPrecision precision) =>
        new(plain.Transformer.Network(), plain.Transformer.ImageHeight, plain.Transformer.ImageWidth, precision: precision);

    private static void AssertTold(InvalidOperationException refusal)
    {
        Assert.Contains("only scores", refusal.Message);
        Assert.Contains("load its file with mlContext.Model.Load", refusal.Message);
    }
}
