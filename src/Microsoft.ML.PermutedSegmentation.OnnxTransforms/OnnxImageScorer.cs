using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation.Running;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Runs one image at a time in ONNX Runtime.</summary>
/// <param name="parent">Whose network it is.</param>
internal sealed class OnnxImageScorer(ProtectedOnnxTransformer parent) : IImageScorer
{
    private readonly OnnxSegmenter _segmenter = parent.ToScore();
    private ScoredImage? _scored;
    private int[] _imageSize = [];

    public bool WithProbabilities { get; set; }

    public bool ReadsLargeImages => parent.Output.HasImageSize;

    public void Run(MLImage image)
    {
        parent.ThrowIfDisposed();
        _scored = _segmenter.Score([image], WithProbabilities)[0];
        _imageSize = [image.Height, image.Width];
    }

    public void GetLabels(int index, ref VBuffer<byte> value) => Copy(_scored!.Labels, ref value);

    public void GetProbabilities(int index, ref VBuffer<float> value) => Copy(_scored!.Probabilities!, ref value);

    public void GetLabelSize(int index, ref VBuffer<int> value) => Copy([_scored!.Height, _scored.Width], ref value);

    public void GetImageSize(int index, ref VBuffer<int> value) => Copy(_imageSize, ref value);

    // The network is the transformer's.
    public void Dispose() => _scored = null;

    // As with the models of this library: a prediction is gone with its model.
    private void Copy<T>(T[] source, ref VBuffer<T> value)
    {
        parent.ThrowIfDisposed();
        VBufferEditor<T> editor = VBufferEditor.Create(ref value, source.Length);
        source.CopyTo(editor.Values);
        value = editor.Commit();
    }
}
