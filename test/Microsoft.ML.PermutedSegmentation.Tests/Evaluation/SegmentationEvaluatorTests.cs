using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class SegmentationEvaluatorTests
{
    private const double Tolerance = 1e-12;
    private static readonly string[] Names = ["road", "tree", "car"];

    // Worked out by hand. Image A: road hits 2 of union 4, tree 2 of 4, car only predicted on void pixels: IoU 1/2.
    // Image B: car hits 2 of 4 (one miss has no prediction at all), road 0 of 1: IoU 1/4.
    private static readonly byte[] TruthA = [1, 1, 2, 0, 1, 2, 2, 0];
    private static readonly byte[] PredictedA = [1, 2, 2, 3, 1, 2, 1, 1];
    private static readonly byte[] TruthB = [3, 3, 3, 1];
    private static readonly byte[] PredictedB = [3, 3, 0, 3];

    [Fact]
    public void A_hand_worked_example_of_three_classes()
    {
        SegmentationMetrics metrics = EvaluateExample();

        AssertClose([2 / 5.0, 2 / 4.0, 2 / 4.0], metrics.PerClassIntersectionOverUnion);
        AssertClose([4 / 7.0, 4 / 6.0, 4 / 6.0], metrics.PerClassDice);
        AssertClose([2 / 4.0, 2 / 3.0, 2 / 3.0], metrics.PerClassAccuracy);
        Assert.Equal((0.4 + 0.5 + 0.5) / 3, metrics.MeanIntersectionOverUnion, Tolerance);
        Assert.Equal((0.5 + 0.25) / 2, metrics.MeanImageIntersectionOverUnion, Tolerance);
        metrics.PerImageIntersectionOverUnion.Should().BeEquivalentTo([0.5, 0.25], close => close.WithStrictOrdering());
        Assert.Equal((4 / 7.0 + 8 / 6.0) / 3, metrics.MeanDice, Tolerance);
        Assert.Equal((0.5 + 4 / 3.0) / 3, metrics.MeanClassAccuracy, Tolerance);
        Assert.Equal(6 / 10.0, metrics.PixelAccuracy, Tolerance);
        Assert.Equal((4 * 0.4 + 3 * 0.5 + 3 * 0.5) / 10, metrics.FrequencyWeightedIntersectionOverUnion, Tolerance);
        Assert.Equal(2, metrics.ImageCount);
        Assert.Equal(10, metrics.PixelCount);
        Assert.Equal(2, metrics.VoidPixelCount);
        Assert.Equal(Names, metrics.ClassNames);

        Assert.Equal(new long[,] { { 2, 1, 1 }, { 1, 2, 0 }, { 0, 0, 2 } }, metrics.ConfusionMatrix.ToArray());
        Assert.Equal([0, 0, 1], Enumerable.Range(0, 3).Select(metrics.ConfusionMatrix.GetMissingPredictions));
    }

    [Fact]
    public void An_ignored_class_leaves_the_averages_but_stays_a_false_alarm_and_a_miss()
    {
        SegmentationMetrics metrics = EvaluateExample(ignored: [0]);

        AssertClose([2 / 5.0, 2 / 4.0, 2 / 4.0], metrics.PerClassIntersectionOverUnion);
        Assert.Equal(0.5, metrics.MeanIntersectionOverUnion, Tolerance);
        Assert.Equal(0.5, metrics.MeanImageIntersectionOverUnion, Tolerance);
        Assert.Equal(2 / 3.0, metrics.MeanDice, Tolerance);
        Assert.Equal(2 / 3.0, metrics.MeanClassAccuracy, Tolerance);
        Assert.Equal(0.5, metrics.FrequencyWeightedIntersectionOverUnion, Tolerance);
        Assert.Equal(0.6, metrics.PixelAccuracy, Tolerance);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(21)]
    [InlineData(255)]
    public void Random_masks_agree_with_sets_of_pixels(int classCount)
    {
        var random = new Random(classCount);
        int[] ignored = classCount > 2 ? [0, classCount / 2] : [];
        List<(byte[] Truth, byte[] Predicted)> images = [.. Enumerable.Range(0, 12).Select(i => RandomImage(random, classCount, i))];

        SegmentationMetrics actual = Evaluate(images, classCount, ignored);
        var expected = new BruteForceMetrics(images, classCount, ignored);

        AssertClose(expected.PerClassIou, actual.PerClassIntersectionOverUnion);
        AssertClose(expected.PerClassDice, actual.PerClassDice);
        AssertClose(expected.PerClassAccuracy, actual.PerClassAccuracy);
        Assert.Equal(expected.MeanIou, actual.MeanIntersectionOverUnion, Tolerance);
        Assert.Equal(expected.MeanImageIou, actual.MeanImageIntersectionOverUnion, Tolerance);
        Assert.Equal(expected.MeanDice, actual.MeanDice, Tolerance);
        Assert.Equal(expected.MeanClassAccuracy, actual.MeanClassAccuracy, Tolerance);
        Assert.Equal(expected.PixelAccuracy, actual.PixelAccuracy, Tolerance);
        Assert.Equal(expected.FrequencyWeightedIou, actual.FrequencyWeightedIntersectionOverUnion, Tolerance);
        Assert.Equal(images.Sum(i => i.Truth.Count(t => t == 0)), actual.VoidPixelCount);
        Assert.Equal(images.Sum(i => i.Truth.Count(t => t != 0)), actual.PixelCount);
    }

    [Fact]
    public void A_perfect_prediction_scores_one()
    {
        SegmentationMetrics metrics = Evaluate([(TruthA, TruthA), (TruthB, TruthB)], 3);
        Assert.Equal(1, metrics.MeanIntersectionOverUnion);
        Assert.Equal(1, metrics.MeanImageIntersectionOverUnion);
        Assert.Equal(1, metrics.MeanDice);
        Assert.Equal(1, metrics.PixelAccuracy);
    }

    [Fact]
    public void An_image_of_void_pixels_changes_counts_only()
    {
        SegmentationMetrics metrics = Evaluate([(TruthA, PredictedA), (new byte[5], [1, 2, 3, 1, 0])], 3);
        Assert.Equal(0.5, metrics.MeanImageIntersectionOverUnion, Tolerance);
        Assert.Equal(0.5, metrics.MeanIntersectionOverUnion, Tolerance);
        Assert.Equal([0.5, double.NaN], metrics.PerImageIntersectionOverUnion);
        Assert.Equal(2, metrics.ImageCount);
        Assert.Equal(7, metrics.VoidPixelCount);
    }

    [Fact]
    public void A_class_that_is_neither_labelled_nor_predicted_is_no_number_and_no_part_of_the_means()
    {
        SegmentationMetrics metrics = Evaluate([(TruthA, PredictedA)], 3);
        Assert.True(double.IsNaN(metrics.PerClassIntersectionOverUnion[2]));
        Assert.True(double.IsNaN(metrics.PerClassDice[2]));
        Assert.Equal(0.5, metrics.MeanIntersectionOverUnion, Tolerance);
    }

    [Fact]
    public void Means_over_no_class_are_no_number()
    {
        SegmentationMetrics metrics = Evaluate([([1, 1], [1, 1])], 2, ignored: [0]);
        Assert.True(double.IsNaN(metrics.MeanIntersectionOverUnion));
        Assert.True(double.IsNaN(metrics.MeanImageIntersectionOverUnion));
        Assert.True(double.IsNaN(metrics.FrequencyWeightedIntersectionOverUnion));
        Assert.Equal(1, metrics.PixelAccuracy);
    }

    [Fact]
    public void Prints_a_table()
    {
        string expected = string.Join('\n',
            "Class       IoU     Dice  Accuracy            Pixels",
            "road *   0.4000   0.5714    0.5000                 4",
            "tree     0.5000   0.6667    0.6667                 3",
            "car      0.5000   0.6667    0.6667                 3",
            "Mean     0.5000   0.6667    0.6667                10",
            "* not in the means",
            "",
            "Mean IoU per image      0.5000",
            "Frequency-weighted IoU  0.5000",
            "Pixel accuracy          0.6000",
            "2 images, 10 labelled pixels, 2 void pixels",
            "");
        Assert.Equal(expected, EvaluateExample(ignored: [0]).ToString());
    }

    [Fact]
    public void The_table_shows_a_dash_where_there_is_no_number()
    {
        string table = Evaluate([(TruthA, PredictedA)], 3).ToString();
        Assert.Contains("class 2        -        -         -                 0\n", table);
    }

    [Fact]
    public void Adding_an_image_allocates_its_score_and_no_more()
    {
        var evaluator = new SegmentationEvaluator(Names);
        evaluator.AddImage(TruthA, PredictedA);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            evaluator.AddImage(TruthA, PredictedA);
        // A list that doubles when it is full has held twice what is in it, and is at most half empty.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * 100 * sizeof(double));
    }

    [Fact]
    public void Rejects_no_images() =>
        Assert.Throws<InvalidOperationException>(() => new SegmentationEvaluator(Names).ToMetrics());

    [Fact]
    public void Rejects_images_of_nothing_but_void()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Evaluate([(new byte[4], PredictedB)], 3));
        Assert.Contains("void", error.Message);
    }

    [Fact]
    public void Rejects_masks_of_different_lengths() =>
        Assert.Throws<ArgumentException>(() => new SegmentationEvaluator(Names).AddImage(TruthA, PredictedB));

    [Fact]
    public void Rejects_a_value_that_is_no_class_and_names_image_and_pixel()
    {
        var evaluator = new SegmentationEvaluator(Names);
        evaluator.AddImage(TruthA, PredictedA);
        var error = Assert.Throws<InvalidDataException>(() => evaluator.AddImage([1, 1, 4], [1, 1, 1]));
        Assert.Contains("Pixel 2 of the true mask of image 1", error.Message);
        Assert.Contains("key value 4", error.Message);

        error = Assert.Throws<InvalidDataException>(() => evaluator.AddImage([1, 1, 1], [1, 255, 1]));
        Assert.Contains("Pixel 1 of the predicted mask of image 1", error.Message);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Rejects_an_ignored_class_that_does_not_exist(int ignored) =>
        Assert.Throws<ArgumentOutOfRangeException>("ignoredClasses", () => new SegmentationEvaluator(Names, [ignored]));

    [Fact]
    public void Rejects_ignoring_every_class() =>
        Assert.Throws<ArgumentException>("ignoredClasses", () => new SegmentationEvaluator(Names, [0, 1, 2]));

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public void Rejects_class_counts_that_bytes_cannot_hold(int count) =>
        Assert.Throws<ArgumentException>("classNames", () => new SegmentationEvaluator(new string[count]));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(3, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 3)]
    public void The_matrix_rejects_classes_that_do_not_exist(int truth, int predicted) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => EvaluateExample().ConfusionMatrix[truth, predicted]);

    [Fact]
    public void The_array_of_a_matrix_is_a_copy()
    {
        PixelConfusionMatrix matrix = EvaluateExample().ConfusionMatrix;
        matrix.ToArray()[0, 0] = 99;
        Assert.Equal(2, matrix[0, 0]);
    }

    private static SegmentationMetrics EvaluateExample(int[]? ignored = null)
    {
        var evaluator = new SegmentationEvaluator(Names, ignored);
        evaluator.AddImage(TruthA, PredictedA);
        evaluator.AddImage(TruthB, PredictedB);
        return evaluator.ToMetrics();
    }

    private static SegmentationMetrics Evaluate(List<(byte[] Truth, byte[] Predicted)> images, int classCount, int[]? ignored = null)
    {
        var evaluator = new SegmentationEvaluator([.. Enumerable.Range(0, classCount).Select(k => $"class {k}")], ignored);
        foreach ((byte[] truth, byte[] predicted) in images)
            evaluator.AddImage(truth, predicted);
        return evaluator.ToMetrics();
    }

    /// <summary>Regions and noise, some images without most classes, one of void only, sizes that are no multiple of 8.</summary>
    private static (byte[] Truth, byte[] Predicted) RandomImage(Random random, int classCount, int index)
    {
        int present = 1 + random.Next(classCount);
        byte[] truth = new byte[500 + index], predicted = new byte[500 + index];
        for (int i = 0; i < truth.Length; i++)
        {
            bool sameRegion = i > 0 && random.Next(30) != 0;
            truth[i] = index == 3 ? (byte)0 : sameRegion ? truth[i - 1] : (byte)random.Next(present + 1);
            predicted[i] = random.Next(index < 6 ? 40 : 2) != 0 ? truth[i] : (byte)random.Next(present + 1);
        }
        return (truth, predicted);
    }

    private static void AssertClose(IReadOnlyList<double> expected, IReadOnlyList<double> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int k = 0; k < expected.Count; k++)
            Assert.Equal(expected[k], actual[k], Tolerance);
    }
}
