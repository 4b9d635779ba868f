using Onnx;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>One small protected model and its ONNX file.</summary>
public sealed class OnnxModel : IDisposable
{
    private readonly TempFolder _folder = new();

    public OnnxModel()
    {
        Unlocked = Plain.MLContext.Segmentation().Protect(Plain.Transformer, Plain.Key);
        Locked = Plain.Locked(Unlocked);
        Path = _folder.Write("model.onnx", Export(Locked));
    }

    public UnprotectedModel Plain { get; } = new();

    public PermutationKey Key => Plain.Key;

    public PermutedSegmentationTransformer Unlocked { get; }

    public PermutedSegmentationTransformer Locked { get; }

    public string Path { get; }

    public static byte[] Export(ITransformer model, OnnxExportOptions? options = null)
    {
        using var stream = new MemoryStream();
        new MLContext().Segmentation().ExportToOnnx(model, stream, options);
        return stream.ToArray();
    }

    /// <summary>A file of the protected model, beside the one at <see cref="Path"/>.</summary>
    public string Write(string name, OnnxExportOptions options) => Write(name, Locked, options);

    /// <summary>The same of another model.</summary>
    public string Write(string name, ITransformer model, OnnxExportOptions options) => _folder.Write(name, Export(model, options));

    internal ModelProto Parse() => ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path));

    public void Dispose()
    {
        Locked.Dispose();
        Unlocked.Dispose();
        Plain.Dispose();
        _folder.Dispose();
    }
}
