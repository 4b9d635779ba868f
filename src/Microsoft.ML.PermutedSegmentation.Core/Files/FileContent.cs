using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>What a file is, told from its content: people give what they have downloaded, and what is in it seldom is what its name says.</summary>
/// <param name="Kind">Whether the library reads it.</param>
/// <param name="Description">What it is, for a sentence.</param>
/// <param name="Advice">What to do with it, for the end of the sentence. Null when nothing can be said.</param>
internal sealed record FileContent(SegmentationFileKind Kind, string Description, string? Advice)
{
    /// <summary>The entry of an ML.NET model file that holds a segmentation model.</summary>
    public const string ModelEntry = "Segmentation.safetensors";

    /// <summary>The same in files of older versions.</summary>
    public const string OldModelEntry = "Segmentation";

    private const int HeadLength = 512;
    private const string Anew = "get the file itself again";

    private const string ModelFirst = "make a model from them first, with CreateModel or 'permseg import'";

    private static readonly (byte[] Start, string Description, string? Advice)[] Signatures =
    [
        ([0x89, .. "PNG"u8], "a picture (PNG)", null),
        ([0xFF, 0xD8, 0xFF], "a picture (JPEG)", null),
        ([0x89, .. "HDF"u8], "an HDF5 file, as Keras writes it", null),
        ([0x93, .. "NUMPY"u8], "a NumPy array", null),
        ([.. "GGUF"u8], "a GGUF file", null),
        ([.. "%PDF"u8], "a PDF document", null),
        ([0x1F, 0x8B], "compressed with gzip", "unpack it first"),
        ([.. "7z"u8, 0xBC, 0xAF], "a 7-Zip archive", "unpack it first"),
        ([0xFD, .. "7zXZ"u8], "compressed with xz", "unpack it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with Zstandard", "unpack it first"),
        ([.. "-----BEGIN PERMUTATION KEY"u8], "a permutation key", null),
        ([.. "version https://git-lfs"u8], "a Git LFS pointer to the file that is meant", "'git lfs pull' fetches that"),
    ];

    /// <summary>Looks at a file.</summary>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    public static FileContent Of(string path)
    {
        if (Directory.Exists(path))
            return Other("a folder", null);
        using FileStream stream = File.OpenRead(path);
        byte[] head = new byte[HeadLength];
        int length = stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false);
        stream.Position = 0;
        return head.AsSpan().StartsWith("PK"u8) ? OfArchive(stream) : OfHead(head.AsSpan(0, length));
    }

    /// <summary>Opens a file of weights.</summary>
    /// <param name="stream">The whole file, seekable; it stays the caller's.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static ITensorFile OpenTensors(Stream stream)
    {
        Span<byte> head = stackalloc byte[9];
        int length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return head[..length] is [(byte)'P', (byte)'K', ..] or [0x80, .., not (byte)'{'] ? new PyTorchFile(stream) : new SafetensorsFile(stream);
    }

    /// <summary>The end of a sentence that says what to do with a file.</summary>
    public string ToAdvice() => Advice is null ? "" : $"; {Advice}";

    private static FileContent OfHead(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
            return Other("empty", Anew);
        foreach ((byte[] start, string description, string? advice) in Signatures)
        {
            if (head.StartsWith(start))
                return Other(description, advice);
        }
        // Its header's length, and the header: a JSON object. What else it must be, its reader says.
        if (head.Length > 8 && head[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(head) < 1UL << 40)
            return new(SegmentationFileKind.Weights, "a file of weights (safetensors)", ModelFirst);
        // Python's pickle from protocol 2 on.
        if (head is [0x80, >= 2 and <= 5, ..])
            return PyTorch("an old PyTorch file (or another pickle of Python)");
        // Fields of onnx.ModelProto in their order: ir_version, and one of the strings, the graph or the operator sets.
        if (head is [0x08, > 0 and < 32, 0x12 or 0x1A or 0x22 or 0x28 or 0x32 or 0x3A or 0x42, ..])
            return new(SegmentationFileKind.Onnx, "an ONNX model", "OnnxSegmenter runs it");
        return TextOf(head) is { } text ? OfText(text.TrimStart()) : Other("of an unknown kind", null);
    }

    private static FileContent OfText(string text)
    {
        bool Begins(string start) => text.StartsWith(start, StringComparison.OrdinalIgnoreCase);
        if (Begins("<!doctype html") || Begins("<html"))
            return Other("a web page (HTML)", $"{Anew}, signed in if that is needed");
        return Other(Begins("<?xml") ? "an XML file" : Begins("{") || Begins("[") ? "a JSON file" : "a text file", null);
    }

    // Null when there is something that no text has.
    private static string? TextOf(ReadOnlySpan<byte> head)
    {
        // Without a character at its end that may be cut off.
        string text = Encoding.UTF8.GetString(head).TrimStart('\uFEFF').TrimEnd('\uFFFD');
        return text.Any(character => character == '\uFFFD' || (char.IsControl(character) && !char.IsWhiteSpace(character))) ? null : text;
    }

    private static FileContent OfArchive(Stream stream)
    {
        string[] names;
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            names = [.. archive.Entries.Select(entry => entry.FullName.Replace('\\', '/'))];
        }
        catch (InvalidDataException)
        {
            return Other("a ZIP archive (an ML.NET model or a PyTorch file, perhaps) that is damaged or incomplete", Anew);
        }
        // Readers differ in which of the two they take.
        if (names.GroupBy(name => name).FirstOrDefault(same => same.Count() > 1) is { Key: var twice })
            return Other($"a ZIP archive with two entries of the same name, '{twice}'", Anew);
        bool Has(string name) => names.Any(entry => entry == name || entry.EndsWith("/" + name, StringComparison.Ordinal));
        if (Has(ModelEntry) || Has(OldModelEntry))
            return new(SegmentationFileKind.Model, "an ML.NET model", "take its weights with SegmentationWeights.Of or 'permseg export-weights'");
        if (Has("constants.pkl"))
            return Other("a TorchScript program", "save the state_dict() of the network that it was made from");
        if (Has("data.pkl"))
            return PyTorch("a PyTorch file");
        if (Has("Model.onnx"))
            return Other("an ML.NET pipeline that runs an ONNX file", "load it with mlContext.Model.Load and the package PermutedSegmentation.OnnxTransforms");
        return names.Contains("TrainingInfo/Version.txt")
            ? Other("an ML.NET model of another kind, without a segmentation model in it", null)
            : Other("a ZIP archive of another kind", null);
    }

    private static FileContent PyTorch(string description) => new(SegmentationFileKind.Weights, description, ModelFirst);

    private static FileContent Other(string description, string? advice) => new(SegmentationFileKind.Other, description, advice);
}
