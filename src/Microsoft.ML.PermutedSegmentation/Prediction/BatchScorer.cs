using Microsoft.ML.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>
/// Runs images through a network together and hands out the result image by image. One scorer serves one cursor or row;
/// several may run side by side on the same network.
/// </summary>
internal sealed class BatchScorer(SegmentationModel model, Device device) : IPredictions
{
    private readonly WindowNetwork _windows = new(model, device);
    private int _height = model.Description.ImageHeight;
    private int _width = model.Description.ImageWidth;
    private byte[] _labels = [];
    private float[] _probabilities = [];
    private int[] _imageSizes = [];

    /// <summary>Whether the next runs make probabilities, too.</summary>
    public bool WithProbabilities { get; set; }

    /// <summary>Runs the network over some images, at least one; what it made of earlier ones is gone.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void Run(ImageBatch batch)
    {
        _imageSizes = batch.ImageSizes;
        if (batch.Whole is { } image)
            (_labels, _probabilities, _height, _width) = _windows.Run(image, WithProbabilities);
        else
            RunTogether(batch);
        NativeHeap.TrimNowAndThen();
    }

    /// <summary>Key values of an image, height x width.</summary>
    public void GetLabels(int index, ref VBuffer<byte> value) => Copy(_labels, index, _height * _width, ref value);

    /// <summary>Class probabilities of an image, classes x height x width.</summary>
    public void GetProbabilities(int index, ref VBuffer<float> value)
        => Copy(_probabilities, index, model.Description.ClassNames.Count * _height * _width, ref value);

    /// <summary>Height and width of an image's labels.</summary>
    public void GetLabelSize(int index, ref VBuffer<int> value) => Copy([_height, _width], 0, 2, ref value);

    /// <summary>Height and width that an image had.</summary>
    public void GetImageSize(int index, ref VBuffer<int> value) => Copy(_imageSizes, index, 2, ref value);

    /// <summary>All that was made of an image.</summary>
    public ScoredImage ToScoredImage(int index)
    {
        int pixels = _height * _width, size = model.Description.ClassNames.Count * pixels;
        return new ScoredImage(
            _labels.AsSpan(index * pixels, pixels).ToArray(), WithProbabilities ? _probabilities.AsSpan(index * size, size).ToArray() : null, _height, _width);
    }

    private void RunTogether(ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        using var use = model.Use();
        Tensor scores = use.Value.Scoring.Score(batch.View());
        _labels = TensorLabels.Upsample(scores, _height, _width);
        if (WithProbabilities)
            _probabilities = nn.functional.softmax(LayoutRunner.Upsample(scores, _height, _width), 1).cpu().contiguous().data<float>().ToArray();
    }

    // A prediction that was made before the model was disposed is gone with it, too: not only sometimes, as batches happen to end.
    private void Copy<T>(T[] source, int index, int length, ref VBuffer<T> value)
    {
        model.ThrowIfDisposed();
        VBufferEditor<T> editor = VBufferEditor.Create(ref value, length);
        source.AsSpan(index * length, length).CopyTo(editor.Values);
        value = editor.Commit();
    }
}
