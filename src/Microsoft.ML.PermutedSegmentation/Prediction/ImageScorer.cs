using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Prediction;

/// <summary>Runs one image at a time through a network of this package.</summary>
internal sealed class ImageScorer(SegmentationModel model, torch.Device device) : IImageScorer
{
    private readonly BatchScorer _scorer = new(model, device);
    private readonly ImageBatch _batch = new(model, capacity: 1, device);

    public bool WithProbabilities
    {
        get => _scorer.WithProbabilities;
        set => _scorer.WithProbabilities = value;
    }

    public bool ReadsLargeImages => !model.Description.ScoresResizedImages;

    public void Run(MLImage image)
    {
        _batch.Clear();
        _batch.Add(image);
        _scorer.Run(_batch);
    }

    public void GetLabels(int index, ref VBuffer<byte> value) => _scorer.GetLabels(index, ref value);

    public void GetProbabilities(int index, ref VBuffer<float> value) => _scorer.GetProbabilities(index, ref value);

    public void GetLabelSize(int index, ref VBuffer<int> value) => _scorer.GetLabelSize(index, ref value);

    public void GetImageSize(int index, ref VBuffer<int> value) => _scorer.GetImageSize(index, ref value);

    public void Dispose() => _batch.Dispose();
}
