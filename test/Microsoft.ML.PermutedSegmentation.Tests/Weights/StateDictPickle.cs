using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Files as torch.save writes them since 1.6, from the descriptions of pickle and of the file's form without a line of the library.</summary>
internal static class StateDictPickle
{
    /// <summary>Writes some tensors.</summary>
    public static string Write(string path, IReadOnlyList<(StateEntry Entry, byte[] Values)> tensors)
    {
        var pickle = new MemoryStream();
        pickle.Write([0x80, 2, (byte)'}', (byte)'(']);
        for (int i = 0; i < tensors.Count; i++)
        {
            (StateEntry entry, byte[] values) = tensors[i];
            bool isCounter = entry.Type == "I64";
            pickle.Write([.. Text(entry.Name), .. Global("torch._utils", "_rebuild_tensor_v2"), (byte)'(', (byte)'(']);
            pickle.Write([.. Text("storage"), .. Global("torch", isCounter ? "LongStorage" : "FloatStorage"), .. Text($"{i}"), .. Text("cpu"), .. Number(values.Length / (isCounter ? 8 : 4)), (byte)'t', (byte)'Q']);
            pickle.Write([.. Number(0), .. Tuple(entry.Shape), .. Tuple(Strides(entry.Shape)), 0x89, .. Global("collections", "OrderedDict"), (byte)')', (byte)'R', (byte)'t', (byte)'R']);
        }
        pickle.Write("u."u8);
        return Write(path, pickle.ToArray(), tensors.Select((tensor, i) => ($"data/{i}", tensor.Values)));
    }

    /// <summary>Writes a pickle and other parts.</summary>
    public static string Write(string path, byte[] pickle, IEnumerable<(string Name, byte[] Content)> parts)
    {
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach ((string name, byte[] content) in parts.Prepend(("data.pkl", pickle)))
        {
            using Stream entry = archive.CreateEntry($"archive/{name}", CompressionLevel.NoCompression).Open();
            entry.Write(content);
        }
        return path;
    }

    public static byte[] Global(string module, string name) => Encoding.ASCII.GetBytes($"c{module}\n{name}\n");

    public static byte[] Text(string text) => [(byte)'X', .. BitConverter.GetBytes(text.Length), .. Encoding.ASCII.GetBytes(text)];

    public static byte[] Number(long number)
    {
        byte[] bytes = new byte[10];
        (bytes[0], bytes[1]) = (0x8A, 8);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2), number);
        return bytes;
    }

    public static byte[] Tuple(long[] numbers) => [(byte)'(', .. numbers.SelectMany(Number), (byte)'t'];

    private static long[] Strides(long[] shape) => [.. shape.Select((_, i) => shape[(i + 1)..].Aggregate(1L, (product, length) => product * length))];
}
