using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Inspection;

/// <summary>Everything that a model file says without a key.</summary>
/// <param name="Network">The network and its columns.</param>
/// <param name="Protection">What needs a key; null for an unprotected model.</param>
/// <param name="InputColumns">The columns of the rows that the model was made for.</param>
/// <param name="Steps">The chain's transformers in their order, the network among them.</param>
/// <param name="File">The bytes of the file.</param>
internal sealed record ModelReport(
    NetworkReport Network, ProtectionReport? Protection, IReadOnlyList<InputColumn> InputColumns, IReadOnlyList<StepReport> Steps, FileReport File)
{
    /// <exception cref="InvalidDataException">The file is damaged, or holds no segmentation model or several.</exception>
    public static ModelReport Read(string path)
    {
        var mlContext = new MLContext();
        var model = mlContext.LoadModelFile(path, out var schema);
        var network = FindNetwork(mlContext, model, path);

        using var writtenAgain = new MemoryStream();
        mlContext.Model.Save(model, schema, writtenAgain);
        return new ModelReport(
            NetworkReport.Of(network), ProtectionReport.Of(network),
            [.. (schema ?? Enumerable.Empty<DataViewSchema.Column>()).Select(column => new InputColumn(column.Name, column.Type.ToString()!))],
            [.. Flatten(model).Select(StepReport.Of)], FileReport.Read(path, writtenAgain, network.ParameterCount));
    }

    private static PermutedSegmentationTransformer FindNetwork(MLContext mlContext, ITransformer model, string path)
    {
        try
        {
            return mlContext.Segmentation().GetSegmenter(model);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"'{path}' does not hold exactly one segmentation model.", exception);
        }
    }

    private static IEnumerable<ITransformer> Flatten(ITransformer model) =>
        model is IEnumerable<ITransformer> chain ? chain.SelectMany(Flatten) : [model];
}

/// <summary>A column that a model reads.</summary>
internal sealed record InputColumn(string Name, string Type);

/// <summary>The network that a file holds.</summary>
internal sealed record NetworkReport(
    SegmentationNetwork Network, Backbone Backbone, int OutputStride, long ParameterCount, int ImageHeight, int ImageWidth, IReadOnlyList<string> ClassNames,
    string ImageColumn, string PredictedLabelColumn, string ScoreColumn, ScoringMode ScoringMode, bool Flip, IReadOnlyList<double> Scales)
{
    public static NetworkReport Of(PermutedSegmentationTransformer model) => new(
        model.Network, model.Backbone, model.OutputStride, model.ParameterCount, model.ImageHeight, model.ImageWidth, model.ClassNames,
        model.ImageColumnName, model.PredictedLabelColumnName, model.ScoreColumnName,
        model.ScoringMode, model.TestTimeAugmentation.Flip, model.TestTimeAugmentation.Scales);
}

/// <summary>A feature map whose channels the key permutes.</summary>
internal sealed record KeyedMap(int Number, string Name, int Channels);

/// <summary>Block-wise encryption of the images.</summary>
internal sealed record ImageEncryption(BlockTransformMethod Method, int BlockSize);

/// <summary>What needs a key, and what tells a wrong one.</summary>
/// <param name="FeatureMaps">The permuted maps; none for a model of encrypted images.</param>
/// <param name="ImageEncryption">Null when the network reads plain images.</param>
/// <param name="Salt">In hex.</param>
/// <param name="Fingerprint">In hex; null when not stored.</param>
/// <param name="IsSealed">Whether the weights are encrypted.</param>
internal sealed record ProtectionReport(IReadOnlyList<KeyedMap> FeatureMaps, ImageEncryption? ImageEncryption, string Salt, string? Fingerprint, bool IsSealed)
{
    public static ProtectionReport? Of(PermutedSegmentationTransformer model)
    {
        if (model.Salt.IsEmpty)
            return null;
        var maps = model.FeatureMaps.Each().Select(map => new KeyedMap(map.Number(), map.ToString(), model.ChannelsOf(map)));
        var encryption = model.ImageEncryption is var (method, blockSize) ? new ImageEncryption(method, blockSize) : null;
        return new ProtectionReport([.. maps], encryption, Hex(model.Salt)!, Hex(model.Fingerprint), model.IsSealed);
    }

    public static string? Hex(ReadOnlyMemory<byte> bytes) => bytes.IsEmpty ? null : Convert.ToHexStringLower(bytes.Span);
}
