using Microsoft.ML.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Models that score by windows, in ML.NET.</summary>
public sealed class SlidingWindowScoringTests(UnprotectedModel plain) : IClassFixture<UnprotectedModel>
{
    private const int Side = ColorPatches.Size;

    [Fact]
    public void An_image_of_one_window_has_the_same_labels_bit_for_bit()
    {
        using PermutedSegmentationTransformer model = With(ScoringMode.SlidingWindow);
        using var resized = Engine<OneLabel>(plain.Transformer);
        using var windowed = Engine<OneMask>(model);
        for (int seed = 0; seed < 5; seed++)
        {
            PatchImage image = PatchImage.Create(Side, Side, seed);
            OneMask mask = windowed.Predict(image);
            Assert.Equal(resized.Predict(image).PredictedLabel, mask.PredictedLabel);
            Assert.Equal([Side, Side], mask.PredictedLabelSize);
        }
    }

    [Theory]
    [InlineData(75, 101)]
    [InlineData(64, 40)]
    [InlineData(20, 15)]
    public void Scores_are_blended_as_a_plain_implementation_does(int height, int width)
    {
        using var scope = NewDisposeScope();
        using PermutedSegmentationTransformer model = With(ScoringMode.SlidingWindow);
        PatchImage image = PatchImage.Create(height, width, seed: 3);
        OneMask mask = Rows(model, image).Single();
        Tensor mean = tensor(ImageNormalization.Mean.ToArray()).reshape(3, 1, 1), deviation = tensor(ImageNormalization.Deviation.ToArray()).reshape(3, 1, 1);
        using var use = plain.Transformer.Model.Use();
        Tensor expected = NaiveBlending.Probabilities(
            tensor(RgbPixels.From(image.Image), height, width, 3), Side, 8, window => use.Value.Scoring.Score(((window - mean) / deviation).unsqueeze(0)).squeeze(0));
        Assert.Equal([height, width], mask.PredictedLabelSize);
        (tensor(mask.Score, 3, height, width) - expected).abs().max().ToDouble().Should().BeLessThan(1e-4);
        Tensor chosen = expected.gather(0, tensor(mask.PredictedLabel, 1, height, width).to(ScalarType.Int64).sub_(1));
        (expected.amax([0]) - chosen.squeeze(0)).max().ToDouble().Should().BeLessThan(1e-4);
        Assert.True(mask.PredictedLabel.Distinct().Count() > 1);
    }

    [Fact]
    public void Rows_engines_files_and_protected_models_give_the_same()
    {
        PatchImage[] images = [PatchImage.Create(50, 80, 1), PatchImage.Create(33, 97, 2), PatchImage.Create(Side, Side, 3)];
        using PermutedSegmentationTransformer model = With(ScoringMode.SlidingWindow, new TestTimeAugmentation(flip: true, [0.75, 1]));
        byte[][] expected = [.. Rows(model, images).Select(row => row.PredictedLabel)];
        Assert.Equal([50 * 80, 33 * 97, Side * Side], expected.Select(labels => labels.Length));

        using var engine = Engine<OneMask>(model);
        Assert.Equal(expected, images.Select(image => engine.Predict(image).PredictedLabel));

        using PermutedSegmentationTransformer loaded = plain.SaveAndLoad(model);
        Assert.Equal((ScoringMode.SlidingWindow, true), (loaded.ScoringMode, loaded.TestTimeAugmentation.Flip));
        Assert.Equal([0.75, 1], loaded.TestTimeAugmentation.Scales);
        Assert.Equal(expected, Rows(loaded, images).Select(row => row.PredictedLabel));

        using PermutedSegmentationTransformer owned = plain.MLContext.Segmentation().Protect(model, plain.Key);
        using PermutedSegmentationTransformer locked = plain.SaveAndLoad(owned);
        using PermutedSegmentationTransformer unlocked = plain.MLContext.Segmentation().Unlock(locked, plain.Key);
        Assert.Equal(expected, Rows(unlocked, images).Select(row => row.PredictedLabel));
        using PermutedSegmentationTransformer again = plain.MLContext.Segmentation().WithScoring(unlocked, ScoringMode.Resize);
        Assert.True(again.IsUnlocked);
        Assert.Equal(plain.LabelsOf(plain.Transformer), plain.LabelsOf(again));
    }

    [Fact]
    public void A_model_that_resizes_has_the_file_that_it_always_had()
    {
        using PermutedSegmentationTransformer windowed = With(ScoringMode.SlidingWindow, new TestTimeAugmentation(flip: true));
        using PermutedSegmentationTransformer back = plain.MLContext.Segmentation().WithScoring(windowed, ScoringMode.Resize, TestTimeAugmentation.None);
        Assert.Equal(UnprotectedModel.Stored(plain.Transformer), UnprotectedModel.Stored(back));
        Assert.DoesNotContain(ModelMetadata.Write(back.Model.Description), entry => entry.Name.StartsWith("scoring") || entry.Name.StartsWith("test_time"));
    }

    [Theory]
    [InlineData("scoring_mode", "Windows")]
    [InlineData("scoring_mode", "1")]
    [InlineData("test_time_flip", "yes")]
    [InlineData("test_time_scales", "")]
    [InlineData("test_time_scales", "1,1")]
    [InlineData("test_time_scales", "NaN")]
    [InlineData("test_time_scales", "0.2")]
    [InlineData("test_time_scales", "5")]
    [InlineData("test_time_scales", "1,2,3,4,0.5,0.6,0.7,0.8,0.9")]
    public void Damaged_descriptions_are_refused(string name, string value)
    {
        using PermutedSegmentationTransformer model = With(ScoringMode.SlidingWindow, new TestTimeAugmentation(flip: true));
        Dictionary<string, string> metadata = ModelMetadata.Write(model.Model.Description).ToDictionary();
        Assert.True(ModelMetadata.Read(metadata).TestTimeAugmentation.Flip);
        metadata[name] = value;
        Assert.Throws<InvalidDataException>(() => ModelMetadata.Read(metadata));
    }

    [Fact]
    public void Masks_of_the_images_sizes_are_evaluated()
    {
        using PermutedSegmentationTransformer model = With(ScoringMode.SlidingWindow);
        IDataView scored = model.Transform(ColorPatches.View(plain.MLContext, 6, seed: 4));
        SegmentationMetrics metrics = plain.MLContext.Segmentation().Evaluate(scored);
        // Images of one window: what resizing gives.
        SegmentationMetrics expected = plain.MLContext.Segmentation().Evaluate(plain.Transformer.Transform(ColorPatches.View(plain.MLContext, 6, seed: 4)));
        metrics.PixelAccuracy.Should().BeApproximately(expected.PixelAccuracy, 1e-3);
        Assert.Equal(6, metrics.ImageCount);
    }

    private PermutedSegmentationTransformer With(ScoringMode mode, TestTimeAugmentation? augmentation = null) =>
        plain.MLContext.Segmentation().WithScoring(plain.Transformer, mode, augmentation);

    private IEnumerable<OneMask> Rows(ITransformer model, params PatchImage[] images) =>
        plain.MLContext.Data.CreateEnumerable<OneMask>(model.Transform(plain.MLContext.Data.LoadFromEnumerable(images)), reuseRowObject: false);

    private PredictionEngine<PatchImage, T> Engine<T>(ITransformer model) where T : class, new() =>
        plain.MLContext.Model.CreatePredictionEngine<PatchImage, T>(model, new PredictionEngineOptions { OwnsTransformer = false });

    private sealed class OneLabel
    {
        public byte[] PredictedLabel { get; set; } = [];
    }

    private sealed class OneMask
    {
        public byte[] PredictedLabel { get; set; } = [];

        public int[] PredictedLabelSize { get; set; } = [];

        public float[] Score { get; set; } = [];
    }
}
