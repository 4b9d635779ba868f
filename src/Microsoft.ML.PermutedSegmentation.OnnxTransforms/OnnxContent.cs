namespace Microsoft.ML.PermutedSegmentation;

/// <summary>An ONNX file as it is on the disk, with what its graph does not say.</summary>
internal sealed class OnnxContent
{
    // More than that is no ONNX file.
    private static readonly long LargestFile = Array.MaxLength;

    private readonly OnnxProtectionInfo _info;
    private readonly string? _path;
    private readonly byte[]? _file;

    private OnnxContent(OnnxProtectionInfo info, OnnxModelOptions? options, string? path, byte[]? file)
        => (_info, Options, _path, _file) = (info, options ?? (info.IsExport ? null : new OnnxModelOptions()), path, file);

    /// <summary>Null for an export of this library.</summary>
    public OnnxModelOptions? Options { get; }

    public bool IsExport => _info.IsExport;

    public bool IsProtected => _info.IsProtected;

    public bool IsSealed => _info.IsSealed;

    /// <summary>Reads a file. One whose tensors lie in files beside it stays where it is.</summary>
    public static OnnxContent Read(string path, OnnxModelOptions? options)
    {
        OnnxProtectionInfo info = OnnxProtection.Describe(path);
        return info.HasExternalTensors ? new OnnxContent(info, options, path, null) : new OnnxContent(info, options, null, File.ReadAllBytes(path));
    }

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    public bool? Matches(PermutationKey key) => KeyVerification.Matches(key, Bytes(_info.Salt), Bytes(_info.Fingerprint));

    /// <summary>Runs it, with a key or as it is.</summary>
    public OnnxSegmenter Open(PermutationKey? key, bool verify)
    {
        if (Options is null)
            return _file is null ? OnnxSegmenter.Load(_path!, key, verify) : OnnxSegmenter.Load(new MemoryStream(_file), key, verify);
        return _file is null ? OnnxSegmenter.Load(_path!, Options, key, verify) : OnnxSegmenter.Load(_file, Options, key, verify);
    }

    public void Write(TransformerWriter writer)
    {
        byte[] file = _file ?? throw new InvalidOperationException($"'{_path}' keeps its tensors in files beside it, which an ML.NET model cannot hold. Save the ONNX model as one file first.");
        writer.Binary.Write(Options is not null);
        if (Options is not null)
            OnnxOptionsFormat.Write(Options, writer.Binary);
        writer.WriteEntry("Model.onnx", stream => stream.Write(file));
    }

    /// <param name="reader">What <see cref="Write"/> wrote.</param>
    /// <param name="classNames">The classes, which are written elsewhere.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static OnnxContent Read(TransformerReader reader, IReadOnlyList<string> classNames)
    {
        OnnxModelOptions? options = reader.Binary.ReadBoolean() ? OnnxOptionsFormat.Read(reader.Binary) : null;
        if (options is not null)
            options.ClassNames = classNames;
        byte[] file = reader.TryReadEntry("Model.onnx", ReadAll) ?? throw new InvalidDataException("The model is damaged: its ONNX file is missing.");
        OnnxProtectionInfo info = OnnxProtection.Describe(file);
        return info.IsExport == (options is null) ? new OnnxContent(info, options, null, file)
            : throw new InvalidDataException("The model is damaged: its ONNX file is another one.");
    }

    private static byte[] ReadAll(Stream stream, long length)
    {
        if (length > LargestFile)
            throw new InvalidDataException($"The model is damaged: its ONNX file has {length} bytes.");
        // The length is the archive's word for it: what is not there is not allocated at once.
        var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    private static byte[]? Bytes(string? hexadecimal) => hexadecimal is null ? null : Convert.FromHexString(hexadecimal);
}
