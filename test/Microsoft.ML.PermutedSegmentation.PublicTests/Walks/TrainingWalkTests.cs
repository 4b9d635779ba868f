using Microsoft.ML.Data;
using QuickStart;

namespace PublicTests.Walks;

/// <summary>From files on disk to a trained model in a file, and to the three key conditions of the paper's Table I.</summary>
public sealed class TrainingWalkTests : IDisposable
{
    private const int Size = 32;

    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_segments_with_its_key_and_not_without()
    {
        ShapesDataset.Create(_folder.Root, trainCount: 160, validationCount: 40, size: Size);
        VocFolder voc = VocFolder.Open(_folder.Root);
        IDataView train = voc.Load(_mlContext, "train"), test = voc.Load(_mlContext, "val");
        using PermutationKey key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)i)]), wrong = TestKeys.Wrong();
        var pipeline = _mlContext.Transforms.LoadImages("Image", voc.ImageFolder, "ImagePath")
            .Append(_mlContext.Segmentation().Transforms.LoadMasks("Label", voc.MaskFolder, "MaskPath", voc.ClassNames))
            .Append(_mlContext.Segmentation().Trainers.Permuted(key, new PermutedSegmentationTrainer.Options
            {
                Backbone = Backbone.ResNet18,
                OutputStride = 8,
                ImageHeight = Size,
                ImageWidth = Size,
                Epochs = 8,
                RestartPeriod = 8,
                BatchSize = 8,
                Optimizer = SegmentationOptimizer.Sgd,
                LearningRate = 0.05,
                WeightDecay = 0.0005,
                Augmentation = new Augmentation { MinimumCropArea = 1 },
            }));
        using TransformerChain<PermutedSegmentationTransformer> model = pipeline.Fit(train);
        _mlContext.Model.Save(model, train.Schema, _folder.At("model.zip"));

        var elsewhere = new MLContext();
        ITransformer locked = elsewhere.Model.Load(_folder.At("model.zip"), out _);
        double correct = MeanIoU(elsewhere.Segmentation().Unlock(locked, key, verify: true), test);
        double noKey = MeanIoU(locked, test);
        double incorrect = MeanIoU(elsewhere.Segmentation().Unlock(locked, wrong), test);

        correct.Should().Be(MeanIoU(model, test)).And.BeGreaterThan(0.6);
        noKey.Should().BeLessThan(correct / 2);
        incorrect.Should().BeLessThan(correct / 2);
    }

    private double MeanIoU(ITransformer model, IDataView data)
        => _mlContext.Segmentation().Evaluate(model.Transform(data)).MeanIntersectionOverUnion;
}
