using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;

namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>
/// A state dict that <c>torch.save</c> has written: in the form of today, a ZIP archive with a pickle and an entry for each storage, or in that
/// of versions before 1.6, pickles with all storages behind them. A checkpoint that holds a state dict beside other things is read as well.
/// </summary>
internal sealed class PyTorchFile : ITensorFile
{
    // The pickle of fcn_resnet101's state dict has 70 KB.
    private const int LargestPickle = 1 << 22;

    private static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", System.Globalization.NumberStyles.HexNumber);

    private readonly Stream _stream;
    private readonly ZipArchive? _archive;

    // Of the new form by the name of its entry, of the old one by where it is.
    private readonly Dictionary<string, ZipArchiveEntry> _parts = [];
    private readonly Dictionary<string, long> _positions = [];

    /// <param name="stream">The whole file, seekable; it stays the caller's.</param>
    /// <exception cref="InvalidDataException">It is not a state dict, or is damaged.</exception>
    public PyTorchFile(Stream stream)
    {
        _stream = stream;
        object? root;
        if (stream.ReadByte() == 'P')
        {
            stream.Position = 0;
            _archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            root = OpenArchive(_archive);
        }
        else
        {
            stream.Position = 0;
            root = OpenOldForm();
        }
        PyTorchEntry[] entries = [.. PyTorchStateDict.Find(root)];
        foreach (PyTorchEntry entry in entries)
            CheckStorage(entry.Storage, entry.Name);
        Entries = entries;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TensorEntry> Entries { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public void Read(TensorEntry entry, Span<float> values)
    {
        var tensor = (PyTorchEntry)entry;
        if (values.IsEmpty)
            return;
        if (tensor.IsInOrder)
        {
            ReadFloats(tensor, values);
            return;
        }
        long span = 1 + tensor.Shape.Zip(tensor.Strides, (length, stride) => (length - 1) * stride).Sum();
        var stored = new float[span];
        ReadFloats(tensor, stored);
        Span<long> index = stackalloc long[tensor.Shape.Length];
        long from = 0;
        foreach (ref float value in values)
        {
            value = stored[from];
            for (int i = index.Length - 1; i >= 0; i--)
            {
                from += tensor.Strides[i];
                if (++index[i] < tensor.Shape[i])
                    break;
                from -= index[i] * tensor.Strides[i];
                index[i] = 0;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _archive?.Dispose();

    private object? OpenArchive(ZipArchive archive)
    {
        ZipArchiveEntry pickle = archive.Entries.FirstOrDefault(entry => entry.Name == "data.pkl") ?? throw new InvalidDataException("it has no data.pkl.");
        string folder = pickle.FullName[..^pickle.Name.Length];
        foreach (ZipArchiveEntry entry in archive.Entries.Where(entry => entry.FullName.StartsWith(folder, StringComparison.Ordinal)))
            _parts[entry.FullName[folder.Length..]] = entry;
        if (_parts.TryGetValue("byteorder", out ZipArchiveEntry? order) && System.Text.Encoding.ASCII.GetString(ReadPart(order)) != "little")
            throw new InvalidDataException("it was written on a machine with another byte order: save it again on a common one.");
        return new PickleReader(ReadPart(pickle)).Read();
    }

    private static byte[] ReadPart(ZipArchiveEntry entry)
    {
        if (entry.Length > LargestPickle)
            throw new InvalidDataException($"its {entry.Name} has {entry.Length} bytes, and at most {LargestPickle} are read.");
        byte[] bytes = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(bytes);
        return bytes;
    }

    // Pickles of a magic number, a version, the machine, what was saved, and the names of the storages; then each storage with its length.
    private object? OpenOldForm()
    {
        byte[] head = new byte[Math.Min(_stream.Length, LargestPickle)];
        _stream.ReadExactly(head);
        var pickles = new PickleReader(head);
        if (pickles.Read() is not BigInteger magic || magic != Magic)
            throw new InvalidDataException("it is a pickle of Python, but not one of torch.save.");
        pickles.Read();
        if (pickles.Read() is not PickleDictionary machine || !machine.Contains(("little_endian", true)))
            throw new InvalidDataException("it was written on a machine with another byte order, or is damaged: save it again on a common one.");
        object? root = pickles.Read();
        if (pickles.Read() is not List<object?> names)
            throw new InvalidDataException("its list of storages is damaged.");
        Dictionary<string, PyTorchStorage> storages = pickles.Storages.DistinctBy(storage => storage.Key).ToDictionary(storage => storage.Key);
        long position = pickles.Position;
        byte[] count = new byte[sizeof(long)];
        foreach (object? name in names)
        {
            if (name is not string key || !storages.TryGetValue(key, out PyTorchStorage? storage))
                throw new InvalidDataException("its list of storages is damaged.");
            // Which tensors have no values then is told when their names are known.
            if (position > _stream.Length - count.Length)
                break;
            _stream.Position = position;
            _stream.ReadExactly(count);
            if (BinaryPrimitives.ReadInt64LittleEndian(count) != storage.Count)
                throw new InvalidDataException("the lengths of its storages are damaged.");
            position += count.Length;
            if (storage.Length > _stream.Length - position)
                break;
            _positions[key] = position;
            position += storage.Length;
        }
        return root;
    }

    // What reading takes memory for: a storage lies within the file, whatever is said of it.
    private void CheckStorage(PyTorchStorage storage, string tensor)
    {
        if (FindProblem(storage) is { } problem)
            throw new InvalidDataException($"it is damaged: the values of the tensor '{tensor}' {problem}.");
    }

    private string? FindProblem(PyTorchStorage storage)
    {
        if (_archive is null)
            return _positions.TryGetValue(storage.Key, out long position) && storage.Length <= _stream.Length - position ? null : "are missing, or the file ends before them";
        if (!_parts.TryGetValue($"data/{storage.Key}", out ZipArchiveEntry? part))
            return "are missing";
        if (part.CompressedLength != part.Length)
            return "are compressed, which torch.save does not do";
        if (part.Length > _stream.Length)
            return "go beyond the end of the file";
        return part.Length == storage.Length ? null : $"have {part.Length} bytes; {storage.Count} of a {storage.TypeName} have {storage.Length}";
    }

    private void ReadFloats(PyTorchEntry tensor, Span<float> values)
    {
        long start = tensor.Offset * tensor.Type.Size();
        if (_archive is null)
        {
            _stream.Position = _positions[tensor.Storage.Key] + start;
            tensor.Type.ReadFloats(_stream, values);
            return;
        }
        using Stream part = _parts[$"data/{tensor.Storage.Key}"].Open();
        byte[] skipped = new byte[(int)Math.Min(start, 1 << 16)];
        for (long left = start; left > 0; left -= Math.Min(left, skipped.Length))
            part.ReadExactly(skipped, 0, (int)Math.Min(left, skipped.Length));
        tensor.Type.ReadFloats(part, values);
    }
}
