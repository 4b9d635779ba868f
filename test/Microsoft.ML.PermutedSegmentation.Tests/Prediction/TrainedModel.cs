using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>One small model for all tests of prediction: trained once, with its key, its file and its scores.</summary>
public sealed class TrainedModel : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<IDisposable> _loaded = [];

    public TrainedModel()
    {
        var options = ColorPatches.Options(epochs: 10);
        options.FeatureMaps = FeatureMaps.All;
        Transformer = MLContext.Segmentation().Trainers.Permuted(Key, options).Fit(ColorPatches.View(MLContext, 80));
        ModelPath = _folder.At("model.zip");
        MLContext.Model.Save(Transformer, Data.Schema, ModelPath);
    }

    public MLContext MLContext { get; } = new(seed: 1);

    public PermutationKey Key { get; } = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(7 * i))]);

    public PermutedSegmentationTransformer Transformer { get; }

    public string ModelPath { get; }

    /// <summary>Rows that are no multiple of a batch.</summary>
    public IDataView Data => ColorPatches.View(MLContext, 19, seed: 4);

    /// <summary>The model from its file, locked; it lives as long as this.</summary>
    public ITransformer Load()
    {
        ITransformer model = new MLContext().Model.Load(ModelPath, out _);
        _loaded.Add((IDisposable)model);
        return model;
    }

    public float[][] ScoresOf(ITransformer model) => [.. model.Transform(Data).GetColumn<float[]>("Score")];

    public byte[][] LabelsOf(ITransformer model) => [.. model.Transform(Data).GetColumn<byte[]>("PredictedLabel")];

    public void Dispose()
    {
        _loaded.ForEach(model => model.Dispose());
        Transformer.Dispose();
        Key.Dispose();
        _folder.Dispose();
    }
}
