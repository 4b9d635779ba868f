using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>One small model for all tests of prediction, with its key, its file and its scores. It is trained once in all: nothing changes it.</summary>
public sealed class TrainedModel : IDisposable
{
    private static readonly Lazy<(MLContext Context, PermutedSegmentationTransformer Transformer)> Once = new(Train);

    private readonly TempFolder _folder = new();
    private readonly List<IDisposable> _loaded = [];

    public TrainedModel()
    {
        ModelPath = _folder.At("model.zip");
        MLContext.Model.Save(Transformer, Data.Schema, ModelPath);
    }

    public MLContext MLContext => Once.Value.Context;

    public PermutationKey Key { get; } = NewKey();

    public PermutedSegmentationTransformer Transformer => Once.Value.Transformer;

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
        Key.Dispose();
        _folder.Dispose();
    }

    private static PermutationKey NewKey() => PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(7 * i))]);

    private static (MLContext, PermutedSegmentationTransformer) Train()
    {
        var mlContext = new MLContext(seed: 1);
        using PermutationKey key = NewKey();
        var options = ColorPatches.Options(epochs: 10);
        options.FeatureMaps = FeatureMaps.All;
        return (mlContext, mlContext.Segmentation().Trainers.Permuted(key, options).Fit(ColorPatches.View(mlContext, 80)));
    }
}
