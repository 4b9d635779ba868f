using Microsoft.ML.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Scores images by windows with a model's network.</summary>
internal sealed class WindowNetwork(SegmentationModel model, Device device)
{
    // Beside a large image there should be little else: what a few large windows have left behind is given back, and small images do not notice.
    private const long PixelsBetweenTrims = 1 << 20;

    private long _pixels;
    private float[] _scores = [];

    /// <summary>The labels of an image and, if they are wanted, its probabilities.</summary>
    /// <exception cref="InvalidOperationException">There are more probabilities than one vector can hold.</exception>
    public (byte[] Labels, float[] Probabilities, int Height, int Width) Run(MLImage image, bool withProbabilities)
    {
        using var use = model.Use();
        ScoringNetwork network = use.Value.Scoring;
        var windows = new WindowedImage(
            model.Description, image.Height, image.Width, () => RgbPixels.Of(image), (images, count) => Score(network, images, count));
        byte[] labels = GC.AllocateUninitializedArray<byte>(windows.Height * windows.Width);
        float[] probabilities = withProbabilities ? Allocate(windows) : [];
        windows.Run(labels, probabilities);
        return (labels, probabilities, windows.Height, windows.Width);
    }

    private ReadOnlySpan<float> Score(ScoringNetwork network, float[] images, int count)
    {
        using var scope = NewDisposeScope();
        int height = model.Description.ImageHeight, width = model.Description.ImageWidth;
        if ((_pixels += (long)count * height * width) >= PixelsBetweenTrims)
        {
            NativeHeap.Trim();
            _pixels = 0;
        }
        Tensor batch = ImageTensors.CreateBatch(count, height, width);
        for (int i = 0; i < count; i++)
            ImageTensors.Write(batch, i, images.AsSpan(i * height * width * 3, height * width * 3), model.PixelTransform);
        Tensor scores = network.Score(batch.to(device)).permute(0, 2, 3, 1).cpu().contiguous();
        int length = (int)scores.NumberOfElements;
        if (_scores.Length < length)
            _scores = new float[length];
        scores.data<float>().CopyTo(_scores);
        return _scores.AsSpan(0, length);
    }

    private float[] Allocate(WindowedImage image)
    {
        long size = (long)model.Description.ClassNames.Count * image.Height * image.Width;
        return size <= Array.MaxLength
            ? GC.AllocateUninitializedArray<float>((int)size)
            : throw new InvalidOperationException($"The probabilities of {model.Description.ClassNames.Count} classes at {image.Height} x {image.Width} pixels (height x width) are {size}, more than one vector can hold. Ask for the column '{model.Columns.PredictedLabel}' alone.");
    }
}
