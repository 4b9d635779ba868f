using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TrainingBadInputTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [Fact]
    public void No_rows() => AssertFails<ArgumentException>([], "no rows");

    [Fact]
    public void One_class_only()
    {
        List<PatchRow> rows = ColorPatches.Create(20);
        foreach (PatchRow row in rows)
            Array.Fill(row.Label, (byte)2);
        AssertFails<ArgumentException>(rows, "one class, '1'");
    }

    [Theory]
    [InlineData("ClassWeights has 2 weights, but the masks have 3 classes", 1.0, 2.0)]
    [InlineData("ClassWeights has 4 weights, but the masks have 3 classes", 1.0, 2.0, 1.0, 1.0)]
    public void Class_weights_of_other_classes(string message, params double[] weights)
    {
        PermutedSegmentationTrainer.Options options = ColorPatches.Options();
        options.Loss = new SegmentationLoss { ClassWeights = weights };
        var trainer = _mlContext.Segmentation().Trainers.Fcn(options);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => trainer.Fit(ColorPatches.View(_mlContext, 20))).Message);
    }

    [Fact]
    public void Classes_that_do_not_count()
    {
        List<PatchRow> rows = ColorPatches.Create(20);
        foreach (PatchRow row in rows)
            row.Label.AsSpan().Replace((byte)3, (byte)1);
        PermutedSegmentationTrainer.Options options = ColorPatches.Options();
        options.Loss = new SegmentationLoss { ClassWeights = [0, 0, 1] };
        var trainer = _mlContext.Segmentation().Trainers.Fcn(options);
        Assert.Contains("of a class with the weight 0", Assert.Throws<ArgumentException>(() => trainer.Fit(_mlContext.Data.LoadFromEnumerable(rows))).Message);
    }

    [Fact]
    public void Objects_that_are_void()
    {
        List<PatchRow> rows = ColorPatches.Create(20);
        foreach (PatchRow row in rows)
            row.Label.AsSpan().Replace((byte)2, (byte)0);
        foreach (PatchRow row in rows)
            row.Label.AsSpan().Replace((byte)3, (byte)0);
        AssertFails<ArgumentException>(rows, "one class, '0'; at least two are needed. The value 255 is void in a mask:");
    }

    [Fact]
    public void Objects_that_are_void_in_some_masks_are_told()
    {
        var warnings = new List<string>();
        TrainingData.Read(ColorPatches.View(_mlContext, 20), ColorPatches.Options(), new Random(1), _ => { }, warnings.Add);
        Assert.Empty(warnings);
        List<PatchRow> rows = ColorPatches.Create(20);
        foreach (PatchRow row in rows)
        {
            row.Label[0] = 1; // no ordinary void
            if (row.Name.EndsWith('1'))
                row.Label.AsSpan().Replace((byte)3, (byte)0);
        }
        TrainingData.Read(_mlContext.Data.LoadFromEnumerable(rows), ColorPatches.Options(), new Random(1), _ => { }, warnings.Add);
        Assert.Contains("Masks of the training data: The value 255 is void in a mask: in 2 masks", Assert.Single(warnings));
    }

    [Fact]
    public void All_void()
    {
        List<PatchRow> rows = ColorPatches.Create(20);
        foreach (PatchRow row in rows)
            Array.Clear(row.Label);
        AssertFails<ArgumentException>(rows, "void");
    }

    [Fact]
    public void A_batch_larger_than_the_data_is_all_of_it()
    {
        var reports = new Reports();
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        options.Progress = reports;
        _mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(_mlContext, 8)).Dispose();
        Assert.Equal([1], reports.All.Where(report => report.Phase == TrainingPhase.Training).Select(report => report.StepCount));
    }

    [Fact]
    public void A_single_row_leaves_nothing_to_validate_with()
        => AssertFails<ArgumentException>(ColorPatches.Create(1), "at least 2");

    [Fact]
    public void A_row_without_an_image()
    {
        List<PatchRow> rows = ColorPatches.Create(10);
        rows[4].Image = null!;
        AssertFails<InvalidDataException>(rows, "Row 4");
    }

    [Fact]
    public void A_mask_that_was_drawn_on_the_image_as_stored()
    {
        List<PatchRow> rows = ColorPatches.Create(10);
        rows[2].Image = MLImage.CreateFromPixels(64, 16, MLPixelFormat.Rgba32, [.. Enumerable.Repeat(byte.MaxValue, 64 * 16 * 4)]);
        var turned = rows.Select(row => new TurnedRow { Image = row.Image, Label = row == rows[2] ? new byte[64 * 16] : row.Label, LabelSize = row == rows[2] ? [64, 16] : [32, 32] });
        var mlContext = new MLContext(seed: 1);
        Assert.Contains("EXIF", Assert.Throws<InvalidDataException>(() => mlContext.Segmentation().Trainers.Fcn(ColorPatches.Options()).Fit(mlContext.Data.LoadFromEnumerable(turned))).Message);
    }

    [Fact]
    public void A_mask_of_another_size_than_its_image()
    {
        List<PatchRow> rows = ColorPatches.Create(10);
        rows[6].Image = MLImage.CreateFromPixels(16, 32, MLPixelFormat.Rgba32, [.. Enumerable.Repeat(byte.MaxValue, 16 * 32 * 4)]);
        AssertFails<InvalidDataException>(rows, "Row 6: the mask is 32x32 but its image is 32x16");
    }

    [Fact]
    public void A_key_value_beyond_the_classes()
    {
        List<PatchRow> rows = ColorPatches.Create(10);
        rows[3].Label[5] = 4;
        AssertFails<InvalidDataException>(rows, "Row 3");
    }

    [Fact]
    public void A_missing_column()
    {
        var options = ColorPatches.Options();
        options.ImageColumnName = "Photo";
        var trainer = _mlContext.Segmentation().Trainers.Fcn(options);
        Assert.Contains("'Photo'", Assert.Throws<ArgumentOutOfRangeException>("input", () => trainer.Fit(ColorPatches.View(_mlContext, 10))).Message);
    }

    [Fact]
    public void A_column_of_the_wrong_type()
    {
        var options = ColorPatches.Options();
        (options.ImageColumnName, options.LabelColumnName) = ("Image", "Name");
        var trainer = _mlContext.Segmentation().Trainers.Fcn(options);
        Assert.Contains("'Name'", Assert.Throws<ArgumentOutOfRangeException>("input", () => trainer.Fit(ColorPatches.View(_mlContext, 10))).Message);
        var chain = _mlContext.Transforms.CopyColumns("Copy", "Name").Append(trainer);
        Assert.Throws<ArgumentOutOfRangeException>(() => chain.Fit(ColorPatches.View(_mlContext, 10)));
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        AssertOption("ImageHeight", options => options.ImageHeight = 100); // not divisible by the stride
        AssertOption("ImageWidth", options => options.ImageWidth = 0);
        AssertOption("OutputStride", options => options.OutputStride = 4);
        AssertOption("Backbone", options => options.Backbone = (Backbone)77);
        AssertOption("Epochs", options => options.Epochs = 0);
        AssertOption("BatchSize", options => options.BatchSize = 0);
        AssertOption("MicroBatchSize", options => options.MicroBatchSize = -1);
        AssertOption("LearningRate", options => options.LearningRate = double.NaN);
        AssertOption("LearningRate", options => options.LearningRate = 0);
        AssertOption("MinimumLearningRate", options => options.MinimumLearningRate = 1);
        AssertOption("MinimumLearningRate", options => options.MinimumLearningRate = -0.1);
        AssertOption("RestartPeriod", options => options.RestartPeriod = 0);
        AssertOption("WarmupSteps", options => options.WarmupSteps = -1);
        AssertOption("WeightAveraging", options => options.WeightAveraging = 1);
        AssertOption("Optimizer", options => options.Optimizer = (SegmentationOptimizer)7);
        AssertOption("FrozenStages", options => options.FrozenStages = 6);
        AssertOption("Loss", options => options.Loss = new SegmentationLoss { CrossEntropy = 0 });
        AssertOption("Loss", options => options.Loss = new SegmentationLoss { Dice = double.NaN });
        AssertOption("Loss", options => options.Loss = new SegmentationLoss { ClassBalance = 1.5 });
        AssertOption("Loss", options => options.Loss = new SegmentationLoss { LabelSmoothing = 1 });
        AssertOption("Loss", options => options.Loss = new SegmentationLoss { FocalGamma = -1 });
        AssertOption("Loss", options => options.Loss = new SegmentationLoss { ClassWeights = [0, 0, 0] });
        AssertOption("Momentum", options => options.Momentum = 1);
        AssertOption("WeightDecay", options => options.WeightDecay = -1);
        AssertOption("Augmentation", options => options.Augmentation = new Augmentation { MinimumCropArea = 0 });
        AssertOption("Augmentation", options => options.Augmentation = new Augmentation { MinimumScale = 2 });
        AssertOption("Augmentation", options => options.Augmentation = new Augmentation { Rotation = 181 });
        AssertOption("Augmentation", options => options.Augmentation = new Augmentation { Contrast = 1 });
        AssertOption("Augmentation", options => options.Augmentation = new Augmentation { Blur = double.NaN });
        AssertOption("ValidationFraction", options => options.ValidationFraction = 1);
        AssertOption("FeatureMaps", options => options.FeatureMaps = FeatureMaps.None);
        AssertOption("FeatureMaps", options => options.FeatureMaps = (FeatureMaps)64);
    }

    [Theory]
    [InlineData("ScoreColumnName", "PredictedLabel", "Image", "Label", "PredictedLabel", "PredictedLabel")]
    [InlineData("PredictedLabelColumnName", "Label", "Image", "Label", "Label", "Score")]
    [InlineData("ScoreColumnName", "Image", "Image", "Label", "PredictedLabel", "Image")]
    [InlineData("LabelColumnName", "Image", "Image", "Image", "PredictedLabel", "Score")]
    public void One_column_cannot_be_two(string option, string name, string image, string label, string predicted, string score)
    {
        PermutedSegmentationTrainer.Options options = ColorPatches.Options();
        (options.ImageColumnName, options.LabelColumnName, options.PredictedLabelColumnName, options.ScoreColumnName) = (image, label, predicted, score);
        Assert.Contains($"both '{name}'", Assert.Throws<ArgumentException>(option, () => _mlContext.Segmentation().Trainers.Fcn(options)).Message);
    }

    [Fact]
    public void Options_that_change_after_the_trainer_is_made_do_nothing()
    {
        var before = new Reports();
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        options.Progress = before;
        PermutedSegmentationTrainer trainer = _mlContext.Segmentation().Trainers.Fcn(options);
        (options.Epochs, options.ImageColumnName, options.BatchSize, options.Progress) = (-1, "Photo", 0, null);
        using PermutedSegmentationTransformer model = trainer.Fit(ColorPatches.View(_mlContext, 12));
        Assert.Equal("Image", model.ImageColumnName);
        Assert.All(before.All.Where(report => report.Phase == TrainingPhase.Training), report => Assert.Equal(1, report.EpochCount));
        Assert.Contains(before.All, report => report.Phase == TrainingPhase.Training);
    }

    [Fact]
    public void Without_a_backbone_it_is_one_that_a_CPU_trains()
    {
        PermutedSegmentationTrainer.Options options = ColorPatches.Options();
        options.Backbone = null;
        Assert.Equal(Backbone.ResNet18, options.ChosenBackbone);
        Assert.Equal(SegmentationNetwork.Fcn, options.Network);
    }

    [Fact]
    public void A_disposed_key_fails_before_the_training_and_not_after_it()
    {
        var key = PermutationKey.Generate();
        var options = ColorPatches.Options();
        var reports = new Reports();
        (options.StoreFingerprint, options.Progress) = (false, reports);
        var trainer = _mlContext.Segmentation().Trainers.Permuted(key, options);
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => trainer.Fit(ColorPatches.View(_mlContext, 12)));
        Assert.DoesNotContain(reports.All, report => report.Phase == TrainingPhase.Training);
    }

    // Batch normalisation of one value makes no number of it, at any learning rate.
    [Theory]
    [InlineData(32, 32, 32, 1, 1, false)]
    [InlineData(32, 32, 32, 1, 16, false)]
    [InlineData(32, 32, 32, 8, 1, false)]
    [InlineData(32, 32, 32, 5, 2, false)] // in parts of 2, 2 and 1
    [InlineData(32, 32, 32, 2, 2, true)]
    [InlineData(32, 32, 32, 9, 2, false)]
    [InlineData(32, 32, 32, 9, 4, true)] // in parts of 3
    [InlineData(64, 32, 32, 1, 1, true)]
    [InlineData(32, 64, 32, 1, 1, true)]
    [InlineData(32, 32, 16, 1, 1, true)]
    [InlineData(8, 8, 8, 1, 1, false)]
    public void One_image_whose_last_map_is_one_cell_is_refused(int height, int width, int outputStride, int batch, int microBatch, bool isPossible)
    {
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        (options.ImageHeight, options.ImageWidth, options.OutputStride, options.BatchSize, options.MicroBatchSize) = (height, width, outputStride, batch, microBatch);
        if (isPossible)
        {
            _ = _mlContext.Segmentation().Trainers.Fcn(options);
            return;
        }
        string message = Assert.Throws<ArgumentException>("BatchSize", () => _mlContext.Segmentation().Trainers.Fcn(options)).Message;
        Assert.Contains("batch normalisation", message);
        Assert.Contains($"output stride {outputStride}", message);
    }

    [Theory]
    [InlineData(32, 32, 2)]
    [InlineData(64, 32, 1)]
    public void What_is_just_enough_for_batch_normalisation_is_trained(int height, int width, int batch)
    {
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        (options.ImageHeight, options.ImageWidth, options.OutputStride, options.BatchSize, options.LearningRate) = (height, width, 32, batch, 0.0002);
        _mlContext.Segmentation().Trainers.Fcn(options).Fit(ColorPatches.View(_mlContext, 6)).Dispose();
    }

    [Fact]
    public void Image_sides_that_no_model_file_may_have()
    {
        AssertOption("ImageHeight", options => options.ImageHeight = 16384 + 8);
        AssertOption("ImageWidth", options => options.ImageWidth = int.MaxValue - 7);
    }

    // Key values of whoever made the column: with such names the model could be saved, but not loaded.
    [Theory]
    [InlineData("'b'", "a", "b", "b")]
    [InlineData("class 1 is empty", "a", " ", "c")]
    public void Class_names_that_no_model_file_may_have(string message, params string[] names)
    {
        var reports = new Reports();
        PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
        options.Progress = reports;
        IDataView rows = new Renamed(ColorPatches.View(_mlContext, 12), names);
        string told = Assert.Throws<ArgumentException>(() => _mlContext.Segmentation().Trainers.Fcn(options).Fit(rows)).Message;
        Assert.Contains(message, told);
        Assert.Contains("'Label'", told);
        Assert.Empty(reports.All);
    }

    [Fact]
    public void A_missing_key()
        => Assert.Throws<ArgumentNullException>(() => _mlContext.Segmentation().Trainers.Permuted(null!));

    private void AssertOption(string name, Action<PermutedSegmentationTrainer.Options> change)
    {
        using var key = PermutationKey.Generate();
        var options = ColorPatches.Options();
        change(options);
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => _mlContext.Segmentation().Trainers.Permuted(key, options)).ParamName);
    }

    private void AssertFails<TException>(List<PatchRow> rows, string message) where TException : Exception
    {
        var trainer = _mlContext.Segmentation().Trainers.Fcn(ColorPatches.Options(epochs: 1));
        Assert.Contains(message, Assert.Throws<TException>(() => trainer.Fit(_mlContext.Data.LoadFromEnumerable(rows))).Message);
    }

    private sealed class TurnedRow
    {
        [Microsoft.ML.Transforms.Image.ImageType(32, 32)]
        public MLImage Image { get; set; } = null!;

        [VectorType, KeyType(3)]
        public byte[] Label { get; set; } = [];

        [VectorType(2)]
        public int[] LabelSize { get; set; } = [];
    }
}
