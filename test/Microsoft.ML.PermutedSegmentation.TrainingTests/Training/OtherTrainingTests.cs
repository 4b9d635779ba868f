using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A checkpoint meets a training that is not its own.</summary>
public sealed class OtherTrainingTests : IClassFixture<OtherTrainingTests.FirstTraining>
{
    private readonly FirstTraining _first;

    public OtherTrainingTests(FirstTraining first) => _first = first;

    public static TheoryData<string, Action<PermutedSegmentationTrainer.Options>> Changes => new()
    {
        { "BatchSize is 8 there and 4 here", options => options.BatchSize = 4 },
        { "MicroBatchSize is 8 there and 2 here", options => options.MicroBatchSize = 2 },
        { "LearningRate is 0.1 there and 0.05 here", options => options.LearningRate = 0.05 },
        { "MinimumLearningRate is 0.0001 there and 0 here", options => options.MinimumLearningRate = 0 },
        { "RestartPeriod is 10 there and 3 here", options => options.RestartPeriod = 3 },
        { "Momentum is 0.9 there and 0 here", options => options.Momentum = 0 },
        { "WeightDecay is 0.0005 there and 0.005 here", options => options.WeightDecay = 0.005 },
        { "\"MinimumCropArea\":0.75", options => options.Augmentation = new Augmentation { MinimumCropArea = 1 } },
        { "ValidationFraction is 0.1 there and 0.3 here", options => options.ValidationFraction = 0.3 },
        { "ValidationFraction is 0.1 there and none here", options => options.ValidationSet = ColorPatches.View(new MLContext(), 3) },
        { "ImageCacheMegabytes is 2048 there and 0 here", options => options.ImageCacheMegabytes = 0 },
        { "Backbone is ResNet18 there and ResNet34 here", options => options.Backbone = Backbone.ResNet34 },
        { "OutputStride is 8 there and 16 here", options => options.OutputStride = 16 },
        { "ImageHeight is 32 there and 40 here; ImageWidth is 32 there and 48 here", options => (options.ImageHeight, options.ImageWidth) = (40, 48) },
        { "FeatureMaps is Head there and Stem, Head here", options => options.FeatureMaps = FeatureMaps.Stem | FeatureMaps.Head },
        { "ReadInitialWeightsThroughPermutation is false there and true here", options => options.ReadInitialWeightsThroughPermutation = true },
        { "InitialWeights is none there and ", options => options.InitialWeights = SegmentationWeights.Of(FirstTraining.Model!) },
    };

    [Theory]
    [MemberData(nameof(Changes), DisableDiscoveryEnumeration = true)]
    public void An_option_that_changed_is_named_with_both_values_before_anything_is_read(string told, Action<PermutedSegmentationTrainer.Options> change)
    {
        PermutedSegmentationTrainer.Options options = _first.Options();
        var reports = new Reports();
        options.Progress = reports;
        change(options);
        AssertRefused(told, () => _first.Train(options, _first.Rows()));
        options.InitialWeights?.Dispose();
        Assert.Empty(reports.All);
    }

    [Fact]
    public void The_block_wise_encryption_of_images_is_another_training() => AssertRefused(
        """FeatureMaps is Head there and None here; ImageEncryption is none there and {"Method":"Shuffle","BlockSize":4} here""",
        () => new MLContext(seed: 1).Segmentation().Trainers
            .BlockwiseEncrypted(_first.Key, BlockTransformMethod.Shuffle, 4, _first.Options()).Fit(new MLContext().Data.LoadFromEnumerable(_first.Rows())));

    [Fact]
    public void Another_seed_is_named() => AssertRefused(
        "the seed of the MLContext is 1 there and 2 here", () => _first.Train(_first.Options(), _first.Rows(), seed: 2));

    [Fact]
    public void Other_rows_are_named()
    {
        AssertRefused("LearnedRows is 11 there and 9 here; ImagesAndMasks is ", () => _first.Train(_first.Options(), _first.Rows()[..10]));
        List<PatchRow> changed = _first.Rows();
        changed[5].Label[100] = (byte)(1 + changed[5].Label[100] % 3);
        AssertRefused("ImagesAndMasks is ", () => _first.Train(_first.Options(), changed));
        List<PatchRow> reordered = _first.Rows();
        (reordered[0], reordered[1]) = (reordered[1], reordered[0]);
        AssertRefused("ImagesAndMasks is ", () => _first.Train(_first.Options(), reordered));
        List<PatchRow> repainted = _first.Rows();
        byte[] pixels = repainted[7].Image.Pixels.ToArray();
        pixels[50] ^= 1;
        repainted[7].Image = MLImage.CreateFromPixels(ColorPatches.Size, ColorPatches.Size, MLPixelFormat.Rgba32, pixels);
        AssertRefused("ImagesAndMasks is ", () => _first.Train(_first.Options(), repainted));
        Assert.True(File.Exists(_first.Path));
    }

    [Fact]
    public void What_does_not_change_the_weights_may_change()
    {
        PermutedSegmentationTrainer.Options options = _first.Options();
        (options.StoreFingerprint, options.PredictedLabelColumnName, options.Progress) = (false, "Mask", new Reports());
        _first.Train(options, _first.Rows());
        Assert.DoesNotContain(((Reports)options.Progress).All, report => report.Phase == TrainingPhase.Training);
    }

    [Fact]
    public void A_place_that_cannot_be_written_to_is_refused_before_anything_is_read()
    {
        foreach (string path in (string[])[Path.Combine(_first.Folder, "missing", "x"), _first.Folder, Path.Combine(_first.Path, "x")])
        {
            PermutedSegmentationTrainer.Options options = _first.Options();
            var reports = new Reports();
            (options.CheckpointPath, options.Progress) = (path, reports);
            Assert.Contains(path, Assert.Throws<IOException>(() => _first.Train(options, _first.Rows())).Message);
            Assert.Empty(reports.All);
        }
        PermutedSegmentationTrainer.Options empty = _first.Options();
        empty.CheckpointPath = " ";
        Assert.Throws<ArgumentException>(() => _first.Train(empty, _first.Rows()));
        Assert.Equal([_first.Path], Directory.GetFiles(_first.Folder));
    }

    [Fact]
    public void A_file_that_is_no_checkpoint_is_refused_and_stays()
    {
        PermutedSegmentationTrainer.Options options = _first.Options();
        using var folder = new TempFolder();
        options.CheckpointPath = folder.WriteText("notes.txt", "not to be lost");
        string message = Assert.Throws<InvalidDataException>(() => _first.Train(options, _first.Rows())).Message;
        Assert.Contains($"'{options.CheckpointPath}' is a text file, not a checkpoint", message);
        Assert.DoesNotContain("elete", message); // of a file that somebody may need
        Assert.Equal("not to be lost", File.ReadAllText(options.CheckpointPath));
    }

    private void AssertRefused(string told, Action train)
    {
        string message = Assert.Throws<InvalidOperationException>(train).Message;
        Assert.Contains(told, message);
        Assert.Contains(_first.Path, message);
    }

    /// <summary>A training of one epoch that left a checkpoint.</summary>
    public sealed class FirstTraining : IDisposable
    {
        private readonly TempFolder _folder = new();

        public FirstTraining()
        {
            Path = _folder.At("checkpoint.safetensors");
            Model = Fit(Options(), Rows(), seed: 1);
        }

        internal static PermutedSegmentationTransformer? Model { get; private set; }

        public PermutationKey Key { get; } = PermutationKey.Generate();

        public string Folder => _folder.Root;

        public string Path { get; }

        public PermutedSegmentationTrainer.Options Options()
        {
            PermutedSegmentationTrainer.Options options = ColorPatches.Options(epochs: 1);
            (options.CheckpointPath, options.FeatureMaps) = (Path, FeatureMaps.Head);
            return options;
        }

        internal List<PatchRow> Rows() => ColorPatches.Create(12);

        internal void Train(PermutedSegmentationTrainer.Options options, List<PatchRow> rows, int seed = 1) => Fit(options, rows, seed).Dispose();

        public void Dispose()
        {
            Model?.Dispose();
            Key.Dispose();
            _folder.Dispose();
        }

        private PermutedSegmentationTransformer Fit(PermutedSegmentationTrainer.Options options, List<PatchRow> rows, int seed)
        {
            var mlContext = new MLContext(seed);
            return mlContext.Segmentation().Trainers.Permuted(Key, options).Fit(mlContext.Data.LoadFromEnumerable(rows));
        }
    }
}
