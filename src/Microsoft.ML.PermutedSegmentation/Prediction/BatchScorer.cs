using Microsoft.ML.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// Runs images through a network together and hands out the result image by image. One scorer serves one cursor or row;
/// several may run side by side on the same network.
/// </summary>
internal sealed class BatchScorer(SegmentationModel model, Device device, bool withProbabilities, int capacity) : IDisposable
{
    private readonly int _height = model.Description.ImageHeight;
    private readonly int _width = model.Description.ImageWidth;
    private readonly Tensor _images = ImageTensors.CreateBatch(capacity, model.Description.ImageHeight, model.Description.ImageWidth).DetachFromDisposeScope();
    private byte[] _labels = [];
    private float[] _probabilities = [];
    private int _count;

    /// <summary>Whether there is no room for another image.</summary>
    public bool IsFull => _count == capacity;

    /// <summary>Forgets the images.</summary>
    public void Clear() => _count = 0;

    /// <summary>Adds an image of any size.</summary>
    public void Add(MLImage image)
    {
        ImageTensors.Write(_images, _count, RgbPixels.From(image), image.Height, image.Width, CropBox.Whole(image.Height, image.Width), model.ImageTransform);
        _count++;
    }

    /// <summary>Runs the network over the images added since <see cref="Clear"/>.</summary>
    public void Run()
    {
        if (_count == 0)
            return;
        using var scope = NewDisposeScope();
        Tensor scores = model.Scoring.Run(_images.narrow(0, 0, _count).to(device), 0, FcnNetwork.Scores);
        _labels = LabelUpsampler.Upsample(scores, _height, _width);
        if (withProbabilities)
            _probabilities = nn.functional.softmax(FcnNetwork.Upsample(scores, _height, _width), 1).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>Key values of an image, height x width.</summary>
    public void GetLabels(int index, ref VBuffer<byte> value) => Copy(_labels, index, _height * _width, ref value);

    /// <summary>Class probabilities of an image, classes x height x width.</summary>
    public void GetProbabilities(int index, ref VBuffer<float> value)
        => Copy(_probabilities, index, model.Description.ClassNames.Count * _height * _width, ref value);

    /// <inheritdoc/>
    public void Dispose() => _images.Dispose();

    private static void Copy<T>(T[] source, int index, int length, ref VBuffer<T> value)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref value, length);
        source.AsSpan(index * length, length).CopyTo(editor.Values);
        value = editor.Commit();
    }
}
