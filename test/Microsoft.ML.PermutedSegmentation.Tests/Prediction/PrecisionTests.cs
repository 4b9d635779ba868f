using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class PrecisionTests(UnprotectedModel plain) : IClassFixture<UnprotectedModel>
{
    private readonly SegmentationCatalog _catalog = plain.MLContext.Segmentation();

    private static MLImage[] Images => [.. ColorPatches.Create(4, seed: 9).Select(row => row.Image)];

    [Fact]
    public void BFloat16_changes_scores_in_the_hundredths_and_hardly_a_label()
    {
        using PermutedSegmentationTransformer small = _catalog.WithPrecision(plain.Transformer, ScoringPrecision.BFloat16);
        (float[] scores, byte[] labels) = Score(plain.Transformer);
        (float[] smallScores, byte[] smallLabels) = Score(small);
        Assert.Equal((ScoringPrecision.Single, ScoringPrecision.BFloat16), (plain.Transformer.Precision, small.Precision));
        Assert.InRange(scores.Zip(smallScores, (one, other) => Math.Abs(one - other)).Max(), 1e-5, 0.1);
        Assert.InRange(labels.Zip(smallLabels).Count(pair => pair.First != pair.Second), 0, labels.Length / 100);
    }

    [Fact]
    public void What_is_made_of_a_model_scores_as_it_does_and_its_file_does_not()
    {
        using PermutationKey key = TestKeys.Wrong(), other = PermutationKey.Generate();
        using PermutedSegmentationTransformer small = _catalog.WithPrecision(plain.Transformer, ScoringPrecision.BFloat16);
        using PermutedSegmentationTransformer model = _catalog.Protect(small, key), locked = _catalog.Lock(model), unlocked = _catalog.Unlock(locked, key),
            rekeyed = _catalog.Rekey(unlocked, key, other), unprotected = _catalog.Unprotect(rekeyed, other),
            windowed = _catalog.WithScoring(unprotected, ScoringMode.SlidingWindow), single = _catalog.WithPrecision(windowed, ScoringPrecision.Single);
        Assert.All((PermutedSegmentationTransformer[])[model, locked, unlocked, rekeyed, unprotected, windowed], made => Assert.Equal(ScoringPrecision.BFloat16, made.Precision));
        Assert.Equal(ScoringPrecision.Single, single.Precision);
        // The same scores as before all of it: a key moves channels and changes no number.
        Assert.Equal(Score(small).Scores, Score(unprotected).Scores);
        Assert.Equal(Saved(plain.Transformer), Saved(small));
    }

    [Fact]
    public void Auto_takes_bfloat16_only_where_the_processor_has_it()
    {
        MLImage[] images = Images;
        using PermutedSegmentationTransformer chosen = _catalog.WithPrecision(plain.Transformer, ScoringPrecision.Auto, images);
        Assert.True(ProcessorNumbers.HasBFloat16 || chosen.Precision == ScoringPrecision.Single);
        // What it asks first: a model gives its own labels, and another one does not.
        using PermutedSegmentationTransformer small = _catalog.WithPrecision(plain.Transformer, ScoringPrecision.BFloat16);
        using PermutationKey key = TestKeys.Wrong();
        using PermutedSegmentationTransformer model = _catalog.Protect(small, key), other = _catalog.Lock(model);
        Assert.Equal(1, Compare(plain.Transformer).PixelAccuracy);
        Assert.True(PrecisionTrial.AreSame(Compare(plain.Transformer)));
        Assert.False(PrecisionTrial.AreSame(Compare(other)));
        Assert.True(PrecisionTrial.ShareOfTime(plain.Transformer.Model, small.Model, plain.Transformer.Device, images) > 0.9 || ProcessorNumbers.HasBFloat16);

        SegmentationMetrics Compare(PermutedSegmentationTransformer model) => PrecisionTrial.Compare(plain.Transformer.Model, model.Model, model.Device, images);
    }

    // By hand: of 10,000 pixels 8, 12 or 9 have another label, and the second class has 9,000, 9,000 or 20.
    [Theory]
    [InlineData(8, 9000, true)]
    [InlineData(12, 9000, false)]
    [InlineData(9, 20, false)]
    public void Labels_are_the_same_by_pixels_and_by_classes(int changed, int ofSecond, bool same)
    {
        byte[] labels = [.. Enumerable.Range(0, 10_000).Select(p => (byte)(p < ofSecond ? 2 : 1))], others = [.. labels];
        others.AsSpan(0, changed).Fill(1);
        var evaluator = new SegmentationEvaluator(["a", "b"]);
        evaluator.AddImage(labels, others);
        Assert.Equal(same, PrecisionTrial.AreSame(evaluator.ToMetrics()));
    }

    [Fact]
    public void What_cannot_be_meant_is_refused()
    {
        using PermutationKey key = TestKeys.Wrong();
        using PermutedSegmentationTransformer model = _catalog.Protect(plain.Transformer, key), locked = _catalog.Lock(model);
        Assert.Throws<ArgumentOutOfRangeException>("precision", () => _catalog.WithPrecision(model, (ScoringPrecision)3));
        Assert.Throws<ArgumentException>("calibration", () => _catalog.WithPrecision(model, ScoringPrecision.Auto));
        Assert.Throws<ArgumentNullException>("calibration", () => _catalog.WithPrecision(model, ScoringPrecision.Auto, [null!]));
        Assert.Contains("Unlock", Assert.Throws<InvalidOperationException>(() => _catalog.WithPrecision(locked, ScoringPrecision.Auto, Images)).Message);
    }

    private (float[] Scores, byte[] Labels) Score(PermutedSegmentationTransformer model)
    {
        IDataView scored = model.Transform(ColorPatches.View(plain.MLContext, 4, seed: 9));
        return ([.. scored.GetColumn<VBuffer<float>>(model.ScoreColumnName).SelectMany(values => values.DenseValues())],
            [.. scored.GetColumn<VBuffer<byte>>(model.PredictedLabelColumnName).SelectMany(values => values.DenseValues())]);
    }

    private byte[] Saved(ITransformer model)
    {
        using var stream = new MemoryStream();
        using var archive = new MemoryStream();
        plain.MLContext.Model.Save(model, ColorPatches.View(plain.MLContext, 1).Schema, stream);
        stream.Position = 0;
        using var zip = new System.IO.Compression.ZipArchive(stream);
        foreach (System.IO.Compression.ZipArchiveEntry entry in zip.Entries.OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            using Stream content = entry.Open();
            content.CopyTo(archive);
        }
        return archive.ToArray();
    }
}
