using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TestTimeAugmentationTests(UnprotectedModel plain) : IClassFixture<UnprotectedModel>
{
    [Theory]
    [InlineData(ScoringMode.Resize, 32, 32)]
    [InlineData(ScoringMode.Resize, 50, 70)]
    [InlineData(ScoringMode.SlidingWindow, 50, 70)]
    public void Flipping_gives_the_mean_of_the_probabilities_of_both_images(ScoringMode mode, int height, int width)
    {
        Prediction both = Predict(mode, new TestTimeAugmentation(flip: true), PatchImage.Create(height, width, 5));
        Prediction one = Predict(mode, null, PatchImage.Create(height, width, 5)), other = Predict(mode, null, PatchImage.Create(height, width, 5, mirrored: true));
        int columns = mode == ScoringMode.Resize ? 32 : width, pixels = one.PredictedLabel.Length;
        for (int i = 0; i < both.Score.Length; i++)
            both.Score[i].Should().BeApproximately((one.Score[i] + other.Score[i - i % columns + columns - 1 - i % columns]) / 2, 1e-4f);
        for (int p = 0; p < pixels; p++)
            both.Score[p + (both.PredictedLabel[p] - 1) * pixels].Should().BeGreaterThanOrEqualTo(Enumerable.Range(0, 3).Max(k => both.Score[p + k * pixels]) - 1e-5f);
        Assert.NotEqual(one.Score, both.Score);
    }

    [Theory]
    [InlineData(ScoringMode.Resize)]
    [InlineData(ScoringMode.SlidingWindow)]
    public void Once_at_scale_1_is_the_plain_result_bit_for_bit(ScoringMode mode)
    {
        PatchImage image = PatchImage.Create(60, 45, 6);
        Prediction expected = Predict(mode, null, image), actual = Predict(mode, new TestTimeAugmentation(flip: false, [1]), image);
        Assert.Equal(expected.PredictedLabel, actual.PredictedLabel);
        Assert.Equal(expected.Score, actual.Score);
    }

    [Fact]
    public void An_image_of_twice_the_models_size_is_scored_by_windows_at_scale_2()
    {
        PatchImage image = PatchImage.Create(64, 64, 7);
        float[] actual = Predict(ScoringMode.Resize, new TestTimeAugmentation(scales: [2]), image).Score;
        float[] windowed = Predict(ScoringMode.SlidingWindow, null, image).Score;
        // A pixel of the mask is four of the image; between them scores are linear, so its scores are their mean.
        for (int p = 0; p < 32 * 32; p++)
        {
            double[] scores = [.. Enumerable.Range(0, 3).Select(k => Block(p).Average(q => Math.Log(windowed[k * 64 * 64 + q])))];
            double sum = scores.Sum(Math.Exp);
            for (int k = 0; k < 3; k++)
                actual[k * 32 * 32 + p].Should().BeApproximately((float)(Math.Exp(scores[k]) / sum), 1e-3f);
        }

        static int[] Block(int p) => [.. from y in (int[])[0, 1] from x in (int[])[0, 1] select (p / 32 * 2 + y) * 64 + p % 32 * 2 + x];
    }

    [Fact]
    public void Scales_give_the_mean_of_their_probabilities()
    {
        PatchImage image = PatchImage.Create(50, 70, 8);
        float[] all = Predict(ScoringMode.SlidingWindow, new TestTimeAugmentation(scales: [0.5, 1, 1.5]), image).Score;
        float[][] each = [.. new[] { 0.5, 1, 1.5 }.Select(scale => Predict(ScoringMode.SlidingWindow, new TestTimeAugmentation(scales: [scale]), image).Score)];
        for (int i = 0; i < all.Length; i++)
            all[i].Should().BeApproximately((each[0][i] + each[1][i] + each[2][i]) / 3, 1e-5f);
    }

    [Fact]
    public void Impossible_scales_are_refused()
    {
        Assert.Throws<ArgumentException>("scales", () => new TestTimeAugmentation(scales: []));
        Assert.Throws<ArgumentException>("scales", () => new TestTimeAugmentation(scales: [1, 1]));
        Assert.Throws<ArgumentOutOfRangeException>("scales", () => new TestTimeAugmentation(scales: [double.NaN]));
        Assert.Throws<ArgumentOutOfRangeException>("scales", () => new TestTimeAugmentation(scales: [0.1]));
        Assert.Throws<ArgumentOutOfRangeException>("mode", () => plain.MLContext.Segmentation().WithScoring(plain.Transformer, (ScoringMode)2));
    }

    private Prediction Predict(ScoringMode mode, TestTimeAugmentation? augmentation, PatchImage image)
    {
        using PermutedSegmentationTransformer model = plain.MLContext.Segmentation().WithScoring(plain.Transformer, mode, augmentation);
        using var engine = plain.MLContext.Model.CreatePredictionEngine<PatchImage, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false });
        return engine.Predict(image);
    }

    private sealed class Prediction
    {
        public byte[] PredictedLabel { get; set; } = [];

        public float[] Score { get; set; } = [];
    }
}
