using Onnx;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>One small model as files of 8 bits.</summary>
public sealed class QuantizedModel : IDisposable
{
    private readonly Lazy<byte[]> _plain, _protected;

    public QuantizedModel() => (_plain, _protected) = (new(() => Export(Exported.Plain.Transformer)), new(() => Export(Exported.Unlocked)));

    public OnnxModel Exported { get; } = new();

    /// <summary>The file of the model without a key.</summary>
    public byte[] Plain => _plain.Value;

    /// <summary>The file of the same model with protected weights.</summary>
    public byte[] Protected => _protected.Value;

    /// <summary>A file that was calibrated with always the same images.</summary>
    public byte[] Export(ITransformer model, OnnxExportOptions? options = null)
    {
        options ??= new OnnxExportOptions();
        options.Int8 = new OnnxQuantization(ColorPatches.Create(4, seed: 2).Select(row => row.Image));
        return OnnxModel.Export(model, options);
    }

    /// <summary>The plain file without the checksum, which strangers do not need.</summary>
    internal ModelProto Parse()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(Plain);
        model.MetadataProps.Remove(model.MetadataProps.Single(entry => entry.Key == "sha256"));
        return model;
    }

    public void Dispose() => Exported.Dispose();
}
