using Microsoft.ML.Data;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>One small model for all tests of prediction, with its key, its file and its scores: trained once in all, and loaded by each class of tests.</summary>
public sealed class TrainedModel : IDisposable
{
    private static readonly Lazy<byte[]> File = new(Train);

    private readonly TempFolder _folder = new();
    private readonly List<IDisposable> _loaded = [];

    public TrainedModel()
    {
        ModelPath = _folder.Write("model.zip", File.Value);
        using var locked = (IDisposable)MLContext.Model.Load(ModelPath, out _);
        Transformer = MLContext.Segmentation().GetSegmenter(MLContext.Segmentation().Unlock((ITransformer)locked, Key));
    }

    public MLContext MLContext { get; } = new(seed: 1);

    public PermutationKey Key { get; } = NewKey();

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

    private static PermutationKey NewKey() => PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(7 * i))]);

    private static byte[] Train()
    {
        var mlContext = new MLContext(seed: 1);
        using PermutationKey key = NewKey();
        var options = ColorPatches.Options(epochs: 10);
        options.FeatureMaps = FeatureMaps.All;
        IDataView rows = ColorPatches.View(mlContext, 80);
        using var trained = mlContext.Segmentation().Trainers.Permuted(key, options).Fit(rows);
        using var stream = new MemoryStream();
        mlContext.Model.Save(trained, rows.Schema, stream);
        return stream.ToArray();
    }

    public void Dispose()
    {
        _loaded.ForEach(model => model.Dispose());
        Transformer.Dispose();
        Key.Dispose();
        _folder.Dispose();
    }
}
