using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A tensor of a state dict as torchvision lists it.</summary>
internal sealed record StateEntry(string Name, string Type, long[] Shape)
{
    public byte[] Values() => FormulaWeights.Of(Name, Shape);

    public override string ToString() => $"{Name} {Type} [{string.Join(", ", Shape)}]";
}

/// <summary>Safetensors files, written and read from the description of the format without a line of the library.</summary>
internal static class StateDict
{
    /// <summary>A file of a header, as text, and data.</summary>
    public static byte[] File(string header, ReadOnlySpan<byte> data) => File(Encoding.UTF8.GetBytes(header), data);

    public static byte[] File(byte[] header, ReadOnlySpan<byte> data) => [.. BitConverter.GetBytes((long)header.Length), .. header, .. data];

    /// <summary>Writes the formula's values of some tensors.</summary>
    public static string Write(string path, IEnumerable<StateEntry> entries) =>
        Write(path, [.. entries.Select(entry => (entry, Values: entry.Values()))]);

    /// <summary>Writes some tensors.</summary>
    public static string Write(string path, IReadOnlyList<(StateEntry Entry, byte[] Values)> tensors)
    {
        var header = new JsonObject();
        long offset = 0;
        foreach ((StateEntry entry, byte[] values) in tensors)
        {
            long end = offset + values.Length;
            header[entry.Name] = new JsonObject
            {
                ["dtype"] = entry.Type,
                ["shape"] = new JsonArray([.. entry.Shape]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }
        using FileStream stream = System.IO.File.Create(path);
        stream.Write(File(header.ToJsonString(), []));
        foreach ((_, byte[] values) in tensors)
            stream.Write(values);
        return path;
    }

    /// <summary>Reads a file and checks that it has no gap and each tensor lies at a multiple of its elements' size.</summary>
    public static (List<(StateEntry Entry, byte[] Values)> Tensors, JsonElement? Metadata) Read(string path)
    {
        byte[] file = System.IO.File.ReadAllBytes(path);
        int dataStart = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        JsonElement header = JsonDocument.Parse(file.AsMemory(8..dataStart)).RootElement;
        var tensors = new List<(StateEntry, byte[])>();
        int end = dataStart;
        foreach (JsonProperty property in header.EnumerateObject().Where(property => property.Name != "__metadata__"))
        {
            long[] Numbers(string name) => [.. property.Value.GetProperty(name).EnumerateArray().Select(number => number.GetInt64())];
            var entry = new StateEntry(property.Name, property.Value.GetProperty("dtype").GetString()!, Numbers("shape"));
            (int from, int to) = (dataStart + (int)Numbers("data_offsets")[0], dataStart + (int)Numbers("data_offsets")[1]);
            if (from != end || from % (entry.Type == "I64" ? 8 : 4) != 0)
                throw new InvalidDataException($"{entry} lies at {from}, behind {end}.");
            tensors.Add((entry, file[from..to]));
            end = to;
        }
        if (end != file.Length)
            throw new InvalidDataException($"{file.Length - end} bytes are left.");
        return (tensors, header.TryGetProperty("__metadata__", out JsonElement metadata) ? metadata : null);
    }
}
