using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Files as torch.save writes them, from the descriptions of pickle and of the file's form without a line of the library.</summary>
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
            pickle.Write([.. Text(entry.Name), .. Global("torch._utils", "_rebuild_tensor_v2"), (byte)'(']);
            pickle.Write(isCounter ? Storage($"{i}", values.Length / 8, "LongStorage") : Storage($"{i}", values.Length / 4));
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

    /// <summary>A file of the form before 1.6: pickles, and the storages behind them.</summary>
    public static byte[] OldForm(bool isLittleEndian, byte[] pickle, string[] keys, byte[] storages)
    {
        byte[] magic = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];
        byte[] version = [0x80, 2, (byte)'M', 0xE9, 3, (byte)'.'];
        byte[] machine = Dictionary(("little_endian", [(byte)(isLittleEndian ? 0x88 : 0x89)]));
        return [.. magic, .. version, .. machine, .. pickle, 0x80, 2, (byte)']', .. keys.SelectMany(key => (byte[])[.. Text(key), (byte)'a']), (byte)'.', .. storages];
    }

    /// <summary>A pickle of a dictionary.</summary>
    public static byte[] Dictionary(params (string Key, byte[] Value)[] items) => [0x80, 2, .. Items(items), (byte)'.'];

    /// <summary>A dictionary as a part of a pickle.</summary>
    public static byte[] Items(params (string Key, byte[] Value)[] items) => [(byte)'}', .. items.SelectMany(item => (byte[])[.. Text(item.Key), .. item.Value, (byte)'s'])];

    public static byte[] Tensor(byte[] storage, long offset, long[] shape, long[] strides) =>
        [.. Global("torch._utils", "_rebuild_tensor_v2"), (byte)'(', .. storage, .. Number(offset), .. Tuple(shape), .. Tuple(strides), (byte)'t', (byte)'R'];

    public static byte[] Storage(string key, long count, string type = "FloatStorage") =>
        [(byte)'(', .. Text("storage"), .. Global("torch", type), .. Text(key), .. Text("cpu"), .. Number(count), (byte)'t', (byte)'Q'];

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
