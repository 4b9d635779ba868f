namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>The file beside a new ONNX file that takes the tensors which lay beside the old one.</summary>
/// <param name="model">The new ONNX file.</param>
internal sealed class ExternalOutput(string model) : IDisposable
{
    // Runtimes map tensors into memory, page by page.
    private const int Alignment = 4096;

    private WholeFile? _file;
    private FileStream? _stream;

    /// <summary>Where it is.</summary>
    public string FilePath { get; } = PathFor(model);

    /// <summary>Where it would be for an ONNX file.</summary>
    public static string PathFor(string model) => model + ".data";

    /// <summary>Begins the next tensor.</summary>
    /// <param name="tensor">It gets its new place; of the old one nothing is left.</param>
    /// <param name="size">How many bytes will be written.</param>
    public Stream Begin(StoredTensor tensor, long size)
    {
        _file ??= new WholeFile(FilePath, isUnique: true);
        _stream ??= new FileStream(_file.PartialPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        _stream.Position = (_stream.Position + Alignment - 1) / Alignment * Alignment;
        tensor.WriteExternal(Path.GetFileName(FilePath), _stream.Position, size);
        return _stream;
    }

    /// <summary>Gives the file its name, if there is one.</summary>
    public void Complete(bool overwrite)
    {
        _stream?.Flush(flushToDisk: true);
        _stream?.Dispose();
        _file?.Complete(overwrite);
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _file?.Dispose();
    }
}
