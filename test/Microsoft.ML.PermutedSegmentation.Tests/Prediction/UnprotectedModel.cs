using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>One small unprotected model, to be protected or trained further. It is trained once in all: nothing changes it.</summary>
public sealed class UnprotectedModel : IDisposable
{
    private static readonly Lazy<(MLContext Context, PermutedSegmentationTransformer Transformer)> Once = new(Train);

    private readonly TempFolder _folder = new();

    public MLContext MLContext => Once.Value.Context;

    public PermutationKey Key { get; } = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(5 * i))]);

    public PermutedSegmentationTransformer Transformer => Once.Value.Transformer;

    public IDataView Data => ColorPatches.View(MLContext, 5, seed: 4);

    /// <summary>The file of a model.</summary>
    public string Save(ITransformer model)
    {
        string path = _folder.At("model.zip");
        MLContext.Model.Save(model, Data.Schema, path);
        return path;
    }

    /// <summary>What another process makes of a model's file: locked, if it is protected.</summary>
    public PermutedSegmentationTransformer SaveAndLoad(ITransformer model) => Find(CpuContext.Create().Model.Load(Save(model), out _));

    /// <summary>The model as its file holds it, without the way through a file.</summary>
    public PermutedSegmentationTransformer Locked(ITransformer model) => new(MLContext, Find(model).Model.With(key: null));

    /// <summary>What a file holds of a model: its description and its stored weights.</summary>
    public static byte[] Stored(ITransformer model)
    {
        using var stream = new MemoryStream();
        Find(model).Model.Write(stream);
        return stream.ToArray();
    }

    /// <summary>The bits of what the network computes from some images.</summary>
    public static byte[] LogitsOf(ITransformer model)
    {
        using var scope = torch.NewDisposeScope();
        using var inference = torch.inference_mode();
        return Find(model).Network().Forward(SmallNetworks.RandomImages(seed: 1)).bytes.ToArray();
    }

    public byte[][] LabelsOf(ITransformer model) => [.. model.Transform(Data).GetColumn<byte[]>("PredictedLabel")];

    public float[][] ScoresOf(ITransformer model) => [.. model.Transform(Data).GetColumn<float[]>("Score")];

    public static PermutedSegmentationTransformer Find(ITransformer model)
        => new MLContext().Segmentation().GetSegmenter(model);

    public void Dispose()
    {
        Key.Dispose();
        _folder.Dispose();
    }

    private static (MLContext, PermutedSegmentationTransformer) Train()
    {
        MLContext mlContext = CpuContext.Create(seed: 1);
        return (mlContext, mlContext.Segmentation().Trainers.Fcn(ColorPatches.Options(epochs: 4)).Fit(ColorPatches.View(mlContext, 36)));
    }
}
