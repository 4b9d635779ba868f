using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>Images with their masks at a network's size, decoded once to try many networks on.</summary>
internal sealed class TestImages : IDisposable
{
    private const int BatchSize = 8;

    private readonly IReadOnlyList<string> _classNames;
    private readonly List<(Tensor Images, List<byte[]> Truths)> _batches = [];

    /// <param name="images">The images, of any size.</param>
    /// <param name="model">Whose image size and classes they get.</param>
    /// <param name="device">The device that they go to.</param>
    public TestImages(IReadOnlyList<LabeledImage> images, ModelDescription model, Device device)
    {
        using var scope = NewDisposeScope();
        _classNames = model.ClassNames;
        foreach (LabeledImage[] part in images.Chunk(BatchSize))
        {
            using LabeledBatch batch = LabeledBatch.Of(
                [.. part.Select(image => (image, CropBox.Whole(image.Height, image.Width)))], model.ImageHeight, model.ImageWidth);
            _batches.Add((batch.Images.to(device).alias().DetachFromDisposeScope(), [.. part.Select(image => Resize(image, model))]));
        }
    }

    /// <summary>How well a network labels them.</summary>
    public SegmentationMetrics Evaluate(TorchNetwork network, CancellationToken cancellation)
    {
        network.Train(false);
        var evaluator = new SegmentationEvaluator(_classNames);
        foreach ((Tensor images, List<byte[]> truths) in _batches)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var inference = inference_mode();
            evaluator.AddImages(truths, TensorLabels.Upsample(network.Score(images), (int)images.shape[2], (int)images.shape[3]));
        }
        return evaluator.ToMetrics();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((Tensor images, _) in _batches)
            images.Dispose();
    }

    private static byte[] Resize(LabeledImage image, ModelDescription model)
    {
        byte[] truth = new byte[model.ImageHeight * model.ImageWidth];
        MaskResizer.Resize(image.Mask, image.Height, image.Width, truth, model.ImageHeight, model.ImageWidth);
        return truth;
    }
}
