using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class TorchvisionParityTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("resnet50", SegmentationNetwork.Fcn, Backbone.ResNet50, 21, 8, 48, 64)]
    [InlineData("resnet18", SegmentationNetwork.Fcn, Backbone.ResNet18, 5, 32, 64, 96)]
    [InlineData("deeplabv3_resnet50", SegmentationNetwork.DeepLabV3, Backbone.ResNet50, 7, 8, 48, 64)]
    [InlineData("lraspp_mobilenet_v3_large", SegmentationNetwork.LrAspp, Backbone.MobileNetV3Large, 4, 16, 64, 96)]
    public void A_state_dict_of_torchvision_scores_as_in_torchvision_and_is_written_as_it_was(
        string name, SegmentationNetwork network, Backbone backbone, int classCount, int outputStride, int height, int width)
    {
        StateEntry[] state = TorchvisionFixture.State(name);
        float[] expected = TorchvisionFixture.Values($"{name}/logits");
        using SegmentationWeights weights = SegmentationWeights.Load(StateDict.Write(_folder.At("in.safetensors"), state));
        Assert.Equal((network, backbone, classCount, false), (weights.Network, weights.Backbone, weights.ClassCount, weights.IsLocked));

        string[] classes = [.. Enumerable.Range(0, classCount).Select(number => $"class {number}")];
        MLContext mlContext = CpuContext.Create();
        using var model = mlContext.Segmentation().CreateModel(weights, classes, height, width, outputStride);
        byte[] image = FormulaWeights.Image(height, width);
        Assert.InRange(LargestDifference(expected, Logits(model.Network(), image, height, width)) / expected.Max(Math.Abs), 0, 1e-4);

        // Through the public surface: the library's own normalization, and probabilities.
        float[] scores = model.Transform(View(mlContext, image, height, width)).GetColumn<float[]>("Score").Single();
        Assert.InRange(LargestDifference(Softmax(expected, classCount), scores), 0, 1e-3);

        weights.Save(_folder.At("out.safetensors"));
        StateEntry[] kept = [.. state.Where(entry => !entry.Name.StartsWith("aux_classifier."))];
        var (written, metadata) = StateDict.Read(_folder.At("out.safetensors"));
        Assert.Null(metadata);
        Assert.Equal(kept.Select(entry => entry.ToString()).Order(), written.Select(tensor => tensor.Entry.ToString()).Order());
        Assert.All(written, tensor => Assert.True(tensor.Entry.Type == "I64" || tensor.Values.AsSpan().SequenceEqual(tensor.Entry.Values()), tensor.Entry.Name));
    }

    [Fact]
    public void A_mobile_network_that_classifies_is_a_backbone()
    {
        StateEntry[] state = TorchvisionFixture.State("mobilenet_v3_large");
        using SegmentationWeights weights = SegmentationWeights.Load(StateDict.Write(_folder.At("in.safetensors"), state));
        Assert.Equal((null, Backbone.MobileNetV3Large, null), (weights.Network, weights.Backbone, weights.ClassCount));

        weights.Save(_folder.At("out.safetensors"));
        Assert.Equal(
            state.Where(entry => !entry.Name.StartsWith("classifier.")).Select(entry => entry.ToString()).Order(),
            StateDict.Read(_folder.At("out.safetensors")).Tensors.Select(tensor => tensor.Entry.ToString()).Order());
    }

    // ImageNet's mean and deviation, as torchvision's documentation gives them.
    private static float[] Logits(TorchNetwork network, byte[] image, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        Tensor pixels = tensor(Array.ConvertAll(image, value => value / 255f)).reshape(1, height, width, 3);
        Tensor normalized = (pixels - tensor(new[] { 0.485f, 0.456f, 0.406f })) / tensor(new[] { 0.229f, 0.224f, 0.225f });
        return network.Forward(normalized.permute(0, 3, 1, 2)).contiguous().data<float>().ToArray();
    }

    private static IDataView View(MLContext mlContext, byte[] rgb, int height, int width)
    {
        byte[] pixels = [.. rgb.Chunk(3).SelectMany(pixel => (byte[])[.. pixel, 255])];
        return mlContext.Data.LoadFromEnumerable([new ImageRow { Image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels) }]);
    }

    private static float[] Softmax(float[] logits, int classCount)
    {
        int pixels = logits.Length / classCount;
        float[] result = new float[logits.Length];
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            double[] scores = [.. Enumerable.Range(0, classCount).Select(c => (double)logits[c * pixels + pixel])];
            double most = scores.Max(), sum = scores.Sum(score => Math.Exp(score - most));
            for (int c = 0; c < classCount; c++)
                result[c * pixels + pixel] = (float)(Math.Exp(scores[c] - most) / sum);
        }
        return result;
    }

    private static double LargestDifference(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max();
    }

    private sealed class ImageRow
    {
        [ImageType(48, 64)] // of one of the two; the network resizes to its own size
        public MLImage Image { get; set; } = null!;
    }
}
