using Microsoft.ML.Data;

namespace PublicTests.Walks;

/// <summary>The other networks, trained with a key, saved, unlocked, exchanged and exported.</summary>
public sealed class OtherNetworksWalkTests : IDisposable
{
    private static readonly string[] Classes = ["background", "red", "green"];

    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1) { GpuDeviceId = -1 };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SegmentationNetwork.DeepLabV3, Backbone.ResNet18, 16)]
    [InlineData(SegmentationNetwork.LrAspp, null, 16)]
    public void A_network_learns_and_is_of_use_with_its_key_only(SegmentationNetwork network, Backbone? backbone, int outputStride)
    {
        using PermutationKey key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        SegmentationCatalog segmentation = _mlContext.Segmentation();
        List<PatchRow> rows = ColorPatches.Create(24, seed: 1);
        IDataView data = _mlContext.Data.LoadFromEnumerable(rows);
        using PermutedSegmentationTransformer model = segmentation.Trainers.Permuted(key, new PermutedSegmentationTrainer.Options
        {
            Network = network,
            Backbone = backbone,
            ImageHeight = ColorPatches.Size,
            ImageWidth = ColorPatches.Size,
            Epochs = 2,
            BatchSize = 8,
        }).Fit(data);
        (model.Network, model.OutputStride).Should().Be((network, outputStride));
        model.Backbone.Should().Be(backbone ?? Backbone.MobileNetV3Large);

        _mlContext.Model.Save(model, data.Schema, _folder.At("model.zip"));
        ITransformer locked = _mlContext.Model.Load(_folder.At("model.zip"), out _);
        ITransformer unlocked = segmentation.Unlock(locked, key, verify: true);
        float[][] expected = ScoresOf(model, data);
        Assert.Equal(expected, ScoresOf(unlocked, data));
        Assert.NotEqual(expected, ScoresOf(locked, data));

        // To a file of torchvision's names and back, without the protection.
        using (SegmentationWeights weights = SegmentationWeights.Of(unlocked))
            weights.Save(_folder.At("plain.safetensors"));
        using SegmentationWeights read = SegmentationWeights.Load(_folder.At("plain.safetensors"));
        using PermutedSegmentationTransformer imported = segmentation.CreateModel(read, Classes, ColorPatches.Size, ColorPatches.Size, outputStride);
        Assert.Equal(expected, ScoresOf(imported, data));

        using (FileStream onnx = File.Create(_folder.At("model.onnx")))
            segmentation.ExportToOnnx(locked, onnx);
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(_folder.At("model.onnx"), key);
        byte[] label = [.. model.Transform(data).GetColumn<byte[]>("PredictedLabel").First()];
        byte[] classes = [.. segmenter.Segment(rows[0].Image).Cast<byte>()];
        // The order of additions differs, so a pixel on an edge may fall either way.
        classes.Zip(label).Count(pixel => pixel.First + 1 != pixel.Second).Should().BeLessThan(10);
    }

    [Theory]
    [InlineData(SegmentationNetwork.LrAspp, Backbone.ResNet50, 16, "Backbone")]
    [InlineData(SegmentationNetwork.Fcn, Backbone.MobileNetV3Large, 16, "Backbone")]
    [InlineData(SegmentationNetwork.LrAspp, null, 8, "OutputStride")]
    [InlineData((SegmentationNetwork)9, null, 16, "Network")]
    public void What_does_not_go_together_is_refused_by_the_option(SegmentationNetwork network, Backbone? backbone, int outputStride, string option)
    {
        var options = new PermutedSegmentationTrainer.Options { Network = network, Backbone = backbone, OutputStride = outputStride };
        _mlContext.Segmentation().Trainers.Invoking(trainers => trainers.Fcn(options)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(option);
    }

    // The mean over a whole image is one value per channel, of which batch norm makes no number.
    [Fact]
    public void DeepLabV3_does_not_learn_from_one_image_at_a_time()
    {
        var options = new PermutedSegmentationTrainer.Options { Network = SegmentationNetwork.DeepLabV3, BatchSize = 1, ImageHeight = 64, ImageWidth = 64 };
        _mlContext.Segmentation().Trainers.Invoking(trainers => trainers.Fcn(options)).Should().Throw<ArgumentException>().WithMessage("*two images*");
    }

    private static float[][] ScoresOf(ITransformer model, IDataView data) => [.. model.Transform(data).GetColumn<float[]>("Score").Take(3)];
}
