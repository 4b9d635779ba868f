using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class OnnxWindowsTests(OnnxModel exported) : IClassFixture<OnnxModel>
{
    [Theory]
    [InlineData(ScoringMode.SlidingWindow, false, "1")]
    [InlineData(ScoringMode.SlidingWindow, true, "0.75,1.5")]
    [InlineData(ScoringMode.Resize, true, "1")]
    public void The_segmenter_gives_what_the_model_gives(ScoringMode mode, bool flip, string scales)
    {
        var augmentation = new TestTimeAugmentation(flip, scales.Split(',').Select(scale => double.Parse(scale, System.Globalization.CultureInfo.InvariantCulture)));
        using PermutedSegmentationTransformer model = exported.Plain.MLContext.Segmentation().WithScoring(exported.Unlocked, mode, augmentation);
        using var file = new MemoryStream(OnnxModel.Export(model));
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(file, exported.Key);
        Assert.Equal((mode, flip), (segmenter.ScoringMode, segmenter.TestTimeAugmentation.Flip));

        PatchImage[] images = [PatchImage.Create(50, 75, 1), PatchImage.Create(32, 32, 2), PatchImage.Create(20, 90, 3)];
        IReadOnlyList<byte[,]> masks = segmenter.Segment([.. images.Select(image => image.Image)]);
        IDataView scored = model.Transform(exported.Plain.MLContext.Data.LoadFromEnumerable(images));
        foreach (var (mask, labels, image) in masks.Zip(scored.GetColumn<byte[]>("PredictedLabel"), images))
        {
            Assert.Equal(mode == ScoringMode.Resize ? (32, 32) : (image.Image.Height, image.Image.Width), (mask.GetLength(0), mask.GetLength(1)));
            // Rounding may choose between classes that are as good as equal.
            Assert.InRange(mask.Cast<byte>().Zip(labels).Count(pair => pair.First + 1 != pair.Second), 0, labels.Length / 500);
            Assert.Equal(mask, segmenter.Segment(RgbPixels.From(image.Image), image.Image.Height, image.Image.Width));
        }
        Assert.True(masks[0].Cast<byte>().Distinct().Count() > 1);
    }

    [Fact]
    public void The_graph_of_a_model_that_scores_by_windows_takes_windows_only()
    {
        using PermutedSegmentationTransformer model = exported.Plain.MLContext.Segmentation().WithScoring(exported.Plain.Transformer, ScoringMode.SlidingWindow);
        using var session = new InferenceSession(OnnxModel.Export(model));
        Assert.Equal([-1, 32, 32, 3], session.InputMetadata["image"].Dimensions);
        Assert.Equal("SlidingWindow", session.ModelMetadata.CustomMetadataMap["scoring_mode"]);
        Assert.DoesNotContain("test_time_flip", session.ModelMetadata.CustomMetadataMap.Keys);
    }
}
