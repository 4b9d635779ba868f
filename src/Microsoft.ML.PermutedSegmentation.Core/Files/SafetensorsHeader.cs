using System.Buffers.Binary;
using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>
/// The header of a safetensors file (github.com/huggingface/safetensors, "Format"): its length in 8 bytes, and a JSON object that
/// gives each tensor's element type, shape and place in the rest of the file.
/// </summary>
/// <remarks>A file may come from anywhere: nothing is allocated for a tensor before all of the header has been checked.</remarks>
internal sealed class SafetensorsHeader
{
    // All far above what any ResNet needs: the header of fcn_resnet101 has some 70 KB, and the longest names of classes that a model
    // may have take two million bytes. The format itself allows 100 million, which parsed are a multiple of that.
    private const int LargestLength = 1 << 22;
    private const int MostDimensions = 8;

    private const int LengthSize = sizeof(ulong);
    private const string MetadataName = "__metadata__";

    private static readonly JsonDocumentOptions Parsing = new() { MaxDepth = 3, AllowDuplicateProperties = false };

    private SafetensorsHeader(IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string> metadata, byte[] bytes) =>
        (Entries, Metadata, Bytes) = (entries, metadata, bytes);

    /// <summary>The tensors in the order in which they lie in the file, where they follow one another without a gap to its end.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Where in the file the first tensor starts.</summary>
    public long DataStart => Bytes.Length;

    /// <summary>The whole header as it lies in the file, its length included.</summary>
    public byte[] Bytes { get; }

    /// <summary>Reads and checks the header at the start of a stream, which need not be seekable.</summary>
    /// <param name="stream">The file; it is read no further than to the end of the header.</param>
    /// <param name="length">How many bytes the file is said to have.</param>
    /// <exception cref="InvalidDataException">The stream is not a safetensors file, or is damaged.</exception>
    /// <exception cref="EndOfStreamException">The stream is shorter than its header.</exception>
    public static SafetensorsHeader Read(Stream stream, long length)
    {
        byte[] bytes = ReadBytes(stream, length);
        var entries = new List<SafetensorsEntry>();
        var metadata = new Dictionary<string, string>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes.AsMemory(LengthSize), Parsing);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name == MetadataName)
                    metadata = ReadMetadata(property.Value);
                else
                    entries.Add(ReadEntry(property));
            }
        }
        // The second is thrown for text that is not UTF-8.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException("its header is not valid JSON, or it contains a name twice.", exception);
        }
        entries.Sort((a, b) => (a.Start, a.End).CompareTo((b.Start, b.End)));
        CheckPlaces(entries, length - bytes.Length);
        return new SafetensorsHeader(entries, metadata, bytes);
    }

    /// <summary>The bytes of a header for tensors that will follow it in the given order; a reader can map them as they are.</summary>
    public static byte[] Write(IEnumerable<(string Name, ElementType Type, long[] Shape)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var header = new Dictionary<string, object>();
        if (metadata.Count > 0)
            header[MetadataName] = metadata.ToDictionary();
        long offset = 0;
        foreach ((string name, ElementType type, long[] shape) in tensors)
        {
            long end = offset + shape.Aggregate((long)type.Size(), (product, length) => product * length);
            header[name] = new SafetensorsJson.Tensor(type.Name(), shape, [offset, end]);
            offset = end;
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header, SafetensorsJson.Strict.DictionaryStringObject);
        // Spaces after the JSON belong to it. They keep the tensors at multiples of their elements' size.
        int padded = (json.Length + LengthSize - 1) / LengthSize * LengthSize;
        byte[] bytes = new byte[LengthSize + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)padded);
        json.CopyTo(bytes, LengthSize);
        bytes.AsSpan(LengthSize + json.Length).Fill((byte)' ');
        return bytes;
    }

    private static byte[] ReadBytes(Stream stream, long length)
    {
        if (length < LengthSize)
            throw new InvalidDataException($"it has {length} bytes, too few for a safetensors file.");
        Span<byte> prefix = stackalloc byte[LengthSize];
        stream.ReadExactly(prefix);
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (size > LargestLength || (long)size > length - LengthSize)
            throw new InvalidDataException($"it is not a safetensors file, or is damaged: its header would be longer than the file, or than the {LargestLength} bytes that are read.");
        byte[] bytes = new byte[LengthSize + (int)size];
        prefix.CopyTo(bytes);
        stream.ReadExactly(bytes.AsSpan(LengthSize));
        return size > 0 && bytes[LengthSize] == '{' ? bytes : throw new InvalidDataException("it is not a safetensors file, or is damaged: its header is not a JSON object.");
    }

    private static Dictionary<string, string> ReadMetadata(JsonElement metadata) => metadata.EnumerateObject().ToDictionary(
        property => property.Name,
        property => property.Value.ValueKind == JsonValueKind.String
            ? property.Value.GetString()!
            : throw new InvalidDataException($"its header's {MetadataName} has values that are not text."));

    private static SafetensorsEntry ReadEntry(JsonProperty property)
    {
        string name = property.Name;
        if (TensorEntry.FindProblem(name) is { } problem)
            throw new InvalidDataException(problem);
        SafetensorsJson.Tensor entry;
        try
        {
            entry = property.Value.Deserialize(SafetensorsJson.Strict.Entry) ?? throw new JsonException("It is null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"the header's entry for the tensor '{name}' is damaged; it must have dtype, shape and data_offsets and nothing else.", exception);
        }
        if (ElementTypes.Find(entry.Dtype) is not { } type)
            throw new InvalidDataException($"the tensor '{name}' has an element type that is not supported; only {ElementTypes.Names} are.");
        if (entry.Shape.Length > MostDimensions)
            throw new InvalidDataException($"the tensor '{name}' has {entry.Shape.Length} dimensions; at most {MostDimensions} are read.");
        if (entry.DataOffsets is not [>= 0 and var start, var end] || start > end)
            throw new InvalidDataException($"the tensor '{name}' has data_offsets that are not a start and an end in the file.");
        if (ByteSize(entry.Shape, type.Size()) != end - start)
            throw new InvalidDataException($"the tensor '{name}' has {end - start} bytes, which does not match its element type {entry.Dtype} and its shape.");
        return new SafetensorsEntry(name, type, entry.Shape, start, end);
    }

    // Null when there is no such size.
    private static long? ByteSize(long[] shape, int elementSize)
    {
        Int128 size = elementSize;
        foreach (long length in shape)
        {
            size *= length;
            if (length < 0 || size > long.MaxValue)
                return null;
        }
        return (long)size;
    }

    private static void CheckPlaces(IEnumerable<SafetensorsEntry> entries, long dataSize)
    {
        long end = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Start != end)
                throw new InvalidDataException($"the tensor '{entry.Name}' starts at byte {entry.Start} of the data, but the one before it ends at {end}.");
            end = entry.End;
        }
        if (end != dataSize)
            throw new InvalidDataException($"its tensors have {end} bytes, but {dataSize} bytes follow the header: it is truncated, or something was added.");
    }
}
