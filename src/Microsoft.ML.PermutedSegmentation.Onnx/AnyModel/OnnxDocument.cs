using System.Security.Cryptography;
using Google.Protobuf;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>An ONNX file, read: its graphs, its tensors and how it is protected.</summary>
internal sealed class OnnxDocument : IDisposable
{
    // Graphs of the largest networks have some megabytes.
    private const int LargestStructure = 1 << 24;
    private const int PartSize = 1 << 20;

    private readonly ExternalFiles? _external;
    private byte[] _part = [];

    /// <param name="model">An ONNX file; it is changed.</param>
    /// <param name="external">The files beside it; null when there are none.</param>
    public OnnxDocument(ModelProto model, ExternalFiles? external = null)
    {
        (Model, _external) = (model, external);
        Tag = ProtectionTag.Read(model);
        Scopes = GraphScope.AllOf(model);
        // Of two places, one of them unknown, other readers may take the other.
        if (Tensors.FirstOrDefault(tensor => !Enum.IsDefined(tensor.Proto.DataLocation)) is { } lost)
            throw new InvalidDataException($"The model is damaged: nobody knows where the tensor '{lost.Id}' lies ({(int)lost.Proto.DataLocation}).");
    }

    public ModelProto Model { get; }

    public ProtectionTag? Tag { get; }

    public IReadOnlyList<GraphScope> Scopes { get; }

    /// <summary>All tensors, in the order of the file.</summary>
    public IEnumerable<StoredTensor> Tensors => Scopes.SelectMany(scope => scope.Tensors);

    /// <summary>Of a sealed file SHA-256 of all before its digest, and the digest.</summary>
    public (byte[] Body, byte[] Digest)? Seal { get; private set; }

    /// <summary>Whether this library has exported a model of its own into the file: it describes itself.</summary>
    public bool IsOwnExport => Metadata("feature_maps") is not null;

    /// <summary>The files beside it that were read.</summary>
    public IEnumerable<string> ExternalPaths => _external?.Paths ?? [];

    /// <summary>At most how many bytes the file has with all tensors in it.</summary>
    public UInt128 TotalSize => Tensors.Aggregate((UInt128)LargestStructure, (sum, tensor) => sum + (ulong)(tensor.Size ?? 0));

    /// <summary>Whether tensors lie in files beside it.</summary>
    public bool HasExternal => Tensors.Any(tensor => tensor.IsExternal);

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or is damaged.</exception>
    public static OnnxDocument Read(string path) => Read(ReadBytes(path), LargestStructure, new ExternalFiles(path));

    /// <summary>Takes a file into memory.</summary>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or is too large to be one.</exception>
    public static byte[] ReadBytes(string path)
    {
        SegmentationFile.Require(path, SegmentationFileKind.Onnx);
        if (new FileInfo(path).Length > Array.MaxLength)
            throw new InvalidDataException("It has more than 2 GB, which no ONNX file can have; larger models keep their tensors in files beside it.");
        return File.ReadAllBytes(path);
    }

    /// <summary>Reads a file that is in memory.</summary>
    /// <param name="file">All of it.</param>
    /// <param name="largestStructure">How many bytes may be something other than values of tensors.</param>
    /// <param name="external">The files beside it; null when there are none.</param>
    /// <exception cref="InvalidDataException">It is not an ONNX file, or is damaged.</exception>
    public static OnnxDocument Read(byte[] file, int largestStructure = LargestStructure, ExternalFiles? external = null)
    {
        var document = new OnnxDocument(OnnxStructure.Parse(file, largestStructure), external);
        if (document.Tag is { IsSealed: true })
            document.Seal = SealMark.ReadDigest(file);
        return document;
    }

    /// <summary>A value of the file's metadata; null when there is none.</summary>
    public string? Metadata(string key) => Model.MetadataProps.FirstOrDefault(entry => entry.Key == key)?.Value;

    /// <summary>Takes every tensor that a step changes, or that must move, through the steps.</summary>
    /// <param name="steps">They run in this order.</param>
    /// <param name="output">Where tensors go that lay beside the file; null to take them into it.</param>
    public void Transform(IReadOnlyList<ITensorStep> steps, ExternalOutput? output)
    {
        foreach (StoredTensor tensor in Tensors)
        {
            long size = tensor.Size ?? 0;
            if (size == 0 && tensor.IsExternal)
                tensor.WriteOwn([]);
            if (size == 0)
                continue;
            if (tensor.IsExternal)
                TransformExternal(tensor, size, steps, output);
            else if (steps.Any(step => step.Changes(tensor)))
                tensor.WriteOwn(Applied(tensor, tensor.ReadOwn(), steps));
        }
    }

    /// <summary>Takes away the checksum of a model that this library has exported: it would tell which weights lie in a sealed file.</summary>
    public void RemoveChecksum()
    {
        if (IsOwnExport && Model.MetadataProps.FirstOrDefault(entry => entry.Key == "sha256") is { } checksum)
            Model.MetadataProps.Remove(checksum);
    }

    /// <summary>Takes away all that protection has added.</summary>
    public void RemoveTag()
    {
        ProtectionTag.Remove(Model);
        SealMark.RemoveOperator(Model);
    }

    /// <summary>Writes the file, and behind it the digest of a sealed one.</summary>
    public void Write(Stream stream, SealStep? seal)
    {
        using var hash = SHA256.Create();
        using (var hashed = new CryptoStream(stream, hash, CryptoStreamMode.Write, leaveOpen: true))
            Model.WriteTo(hashed);
        if (seal is not null)
            stream.Write(SealMark.DigestEntry(seal.GetDigest(hash.Hash)));
    }

    public void Dispose() => _external?.Dispose();

    private void TransformExternal(StoredTensor tensor, long size, IReadOnlyList<ITensorStep> steps, ExternalOutput? output)
    {
        Stream source = (_external ?? throw new InvalidDataException($"The tensor '{tensor.Id}' lies in another file, which is not read here.")).Open(tensor, size);
        Stream? target = output?.Begin(tensor, size);
        bool isWhole = target is null || steps.Any(step => step.NeedsWhole(tensor));
        if (isWhole && size > Array.MaxLength)
            throw new InvalidDataException($"The tensor '{tensor.Id}' has {size} bytes, more than fit into memory at once.");
        int partSize = (int)(isWhole ? size : Math.Min(size, PartSize));
        // One after the other needs the memory of the largest only, unless it stays the tensor's.
        if (target is null || _part.Length < partSize)
            _part = new byte[partSize];
        byte[] part = _part;
        for (long left = size; left > 0;)
        {
            Span<byte> values = part.AsSpan(0, (int)Math.Min(partSize, left));
            source.ReadExactly(values);
            Apply(tensor, values, steps);
            target?.Write(values);
            left -= values.Length;
        }
        if (target is null)
        {
            tensor.WriteOwn(part);
            _part = [];
        }
    }

    private static byte[] Applied(StoredTensor tensor, byte[] values, IReadOnlyList<ITensorStep> steps)
    {
        Apply(tensor, values, steps);
        return values;
    }

    private static void Apply(StoredTensor tensor, Span<byte> values, IReadOnlyList<ITensorStep> steps)
    {
        foreach (ITensorStep step in steps)
            step.Apply(tensor, values);
    }
}
