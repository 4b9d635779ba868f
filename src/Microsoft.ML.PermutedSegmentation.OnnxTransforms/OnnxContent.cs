using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>An ONNX file as it is on the disk, with what its graph does not say.</summary>
internal sealed class OnnxContent
{
    private const string Entry = "Model.onnx";

    private readonly OnnxProtectionInfo _info;
    private readonly OnnxModelOptions? _options; // null: an export of this library
    private readonly string? _path; // one of the two
    private readonly byte[]? _file;

    private OnnxContent(OnnxProtectionInfo info, OnnxModelOptions? options, string? path, byte[]? file)
        => (_info, _options, _path, _file) = (info, options, path, file);

    public bool IsProtected => _info.IsProtected;

    public bool IsSealed => _info.IsSealed;

    /// <summary>Reads a file. One whose tensors lie in files beside it stays where it is.</summary>
    /// <exception cref="ArgumentException">There are options, and the file needs none.</exception>
    public static OnnxContent Read(string path, OnnxModelOptions? options)
    {
        (OnnxProtectionInfo info, byte[]? file) = OnnxProtection.ReadFile(path);
        if (info.IsExport && options is not null)
            throw new ArgumentException($"'{path}' is an export of this library, which says itself what images and labels are.", nameof(options));
        return new OnnxContent(info, info.IsExport ? null : options?.Copy() ?? new OnnxModelOptions(), file is null ? Path.GetFullPath(path) : null, file);
    }

    /// <summary>Whether the stored fingerprint is the key's; null when none is stored.</summary>
    public bool? Matches(PermutationKey key) => KeyVerification.Matches(key, Bytes(_info.Salt), Bytes(_info.Fingerprint));

    /// <summary>Runs it, with a key or as it is.</summary>
    public OnnxSegmenter Open(PermutationKey? key, bool verify)
    {
        if (_options is null)
            return _file is null ? OnnxSegmenter.Load(_path!, key, verify) : OnnxSegmenter.Load(new MemoryStream(_file), key, verify);
        return _file is null ? OnnxSegmenter.Load(_path!, _options, key, verify) : OnnxSegmenter.Load(_file, _options, key, verify);
    }

    /// <summary>Runs it again: it has run before, so what is wrong now is damage.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or does not give what it did.</exception>
    public OnnxSegmenter Reopen(PermutationKey? key, MaskOutput output)
    {
        OnnxSegmenter segmenter;
        try
        {
            segmenter = Open(key, verify: false);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or InvalidOperationException and not (WrongKeyException or ObjectDisposedException))
        {
            throw new InvalidDataException($"The model is damaged: {exception.Message}", exception);
        }
        if (OutputOf(segmenter).IsSameAs(output))
            return segmenter;
        segmenter.Dispose();
        throw new InvalidDataException("The model is damaged: its ONNX file gives other classes or sizes than it says.");
    }

    /// <summary>What the masks are like.</summary>
    public MaskOutput OutputOf(OnnxSegmenter segmenter) => new(
        segmenter.ClassNames, segmenter.ImageHeight, segmenter.ImageWidth,
        segmenter.ScoringMode == ScoringMode.SlidingWindow || _options is { MasksOfImageSize: true }, segmenter.HasProbabilities);

    public void Write(TransformerWriter writer)
    {
        byte[] file = _file ?? throw new InvalidOperationException($"'{_path}' keeps tensors in files beside it, which an ML.NET model cannot hold. Save the ONNX model as one file first.");
        writer.Binary.Write(_options is not null);
        if (_options is not null)
            OnnxFormat.Write(_options, writer.Binary);
        writer.WriteEntry(Entry, stream => stream.Write(file));
    }

    /// <param name="reader">What <see cref="Write"/> wrote.</param>
    /// <param name="classNames">The classes, which are written elsewhere.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static OnnxContent Read(TransformerReader reader, IReadOnlyList<string> classNames)
    {
        OnnxModelOptions? options = reader.Binary.ReadBoolean() ? OnnxFormat.ReadOptions(reader.Binary) : null;
        if (options is not null)
            options.ClassNames = classNames;
        byte[] file = reader.TryReadEntry(Entry, ReadAll) ?? throw new InvalidDataException("The model is damaged: its ONNX file is missing.");
        OnnxProtectionInfo info = OnnxProtection.Describe(file);
        return info.IsExport == (options is null) ? new OnnxContent(info, options, null, file)
            : throw new InvalidDataException("The model is damaged: its ONNX file is another one.");
    }

    private static byte[] ReadAll(Stream stream, long length)
    {
        if (length > Array.MaxLength)
            throw new InvalidDataException($"The model is damaged: its ONNX file has {length} bytes.");
        byte[] file = new byte[length];
        stream.ReadExactly(file);
        return file;
    }

    private static byte[]? Bytes(string? hexadecimal) => hexadecimal is null ? null : Convert.FromHexString(hexadecimal);
}
