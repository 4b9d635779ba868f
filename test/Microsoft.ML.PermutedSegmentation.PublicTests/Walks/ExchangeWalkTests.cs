using Microsoft.ML.Data;

namespace PublicTests.Walks;

/// <summary>From a file of PyTorch's to a protected model, to ONNX, and to masks without libtorch.</summary>
public sealed class ExchangeWalkTests(SmallModel small) : IClassFixture<SmallModel>, IDisposable
{
    private static readonly string[] Classes = ["background", "red", "green"];

    private readonly TempFolder _folder = new();
    private readonly SegmentationCatalog _segmentation = small.MLContext.Segmentation();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Weights_become_a_protected_model_an_ONNX_file_and_masks()
    {
        using (SegmentationWeights trained = SegmentationWeights.Of(small.Transformer))
            trained.Save(_folder.At("fcn.safetensors"));

        using SegmentationWeights weights = SegmentationWeights.Load(_folder.At("fcn.safetensors"));
        using PermutedSegmentationTransformer plain = _segmentation.CreateModel(weights, Classes, ColorPatches.Size, ColorPatches.Size);
        ITransformer protectedModel = _segmentation.Protect(plain, small.Key);
        using (FileStream onnx = File.Create(_folder.At("model.onnx")))
            _segmentation.ExportToOnnx(protectedModel, onnx);

        List<PatchRow> rows = ColorPatches.Create(5, seed: 4);
        byte[][] expected = [.. small.Transformer.Transform(small.Data).GetColumn<byte[]>("PredictedLabel")];
        using OnnxSegmenter segmenter = OnnxSegmenter.Load(_folder.At("model.onnx"), small.Key);
        segmenter.ClassNames.Should().Equal(Classes);
        for (int i = 0; i < rows.Count; i++)
        {
            // Classes from 0, where ML.NET's keys count from 1. The order of additions differs, so a pixel on an edge may fall either way.
            byte[] classes = [.. segmenter.Segment(rows[i].Image).Cast<byte>()];
            classes.Zip(expected[i]).Count(pixel => pixel.First + 1 != pixel.Second).Should().BeLessThan(3);
        }

        using OnnxSegmenter locked = OnnxSegmenter.Load(_folder.At("model.onnx"));
        Assert.NotEqual(segmenter.Segment(rows[0].Image), locked.Segment(rows[0].Image));
    }
}
