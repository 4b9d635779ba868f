using System.Globalization;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>The files beside an ONNX file in which it keeps tensors. The ONNX file names them, so that they may be anything until they are checked.</summary>
/// <param name="model">The ONNX file.</param>
internal sealed class ExternalFiles(string model) : IDisposable
{
    private const int LongestLocation = 1024;

    // Tensors may share values, but not so often that a small file stands for a disk full of them.
    private const int MostReadings = 16;

    private readonly string _folder = RealPath.Of(Path.GetDirectoryName(Path.GetFullPath(model))!);
    private readonly Dictionary<string, FileStream> _byLocation = [], _byPath = [];
    private long _read;

    /// <summary>The files that were read.</summary>
    public IEnumerable<string> Paths => _byPath.Keys;

    /// <summary>Opens the values of a tensor: the stream stands at the first, and stays this object's.</summary>
    /// <exception cref="InvalidDataException">The file is missing, outside of the folder, or shorter than the tensor.</exception>
    public Stream Open(StoredTensor tensor, long size)
    {
        ILookup<string, string> entries = tensor.Proto.ExternalData.ToLookup(entry => entry.Key, entry => entry.Value);
        FileStream stream = Open(tensor, entries["location"].FirstOrDefault(""));
        long offset = Number("offset") ?? 0;
        if (Number("length") is { } length && length != size)
            throw new InvalidDataException($"The tensor '{tensor.Id}' has {length} bytes in '{stream.Name}', but {size} for the shape [{string.Join(", ", tensor.Proto.Dims)}].");
        if (offset > stream.Length - size)
            throw new InvalidDataException($"'{stream.Name}' has {stream.Length} bytes, but the tensor '{tensor.Id}' should lie there at {offset} with {size}: the file is incomplete, or not the model's.");
        _read += size;
        if (_read / MostReadings > _byPath.Values.Sum(file => file.Length))
            throw new InvalidDataException($"The tensors of the model lie in each other's places, in '{stream.Name}' and others: together they have more than {MostReadings} times the bytes of these files.");
        stream.Position = offset;
        return stream;

        long? Number(string name) => entries[name].FirstOrDefault() is not { } text ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value
            : throw new InvalidDataException($"The tensor '{tensor.Id}' has '{text}' for its {name} in another file, which is no number of bytes.");
    }

    public void Dispose()
    {
        foreach (FileStream stream in _byPath.Values)
            stream.Dispose();
    }

    private FileStream Open(StoredTensor tensor, string location)
    {
        if (_byLocation.TryGetValue(location, out FileStream? stream))
            return stream;
        string path = PathOf(tensor, location);
        if (!File.Exists(path))
            throw new InvalidDataException($"'{path}', where the tensor '{tensor.Id}' lies, is missing; it belongs beside the model.");
        if (!_byPath.TryGetValue(path, out stream))
            _byPath[path] = stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return _byLocation[location] = stream;
    }

    // A location is a relative path with slashes (onnx.proto, external_data).
    private string PathOf(StoredTensor tensor, string location)
    {
        string[] parts = location.Split('/', '\\');
        if (location.Length is 0 or > LongestLocation || Path.IsPathRooted(location) || location.Contains('\0') || parts.Any(part => part is ".." || part.Contains(':')))
            throw Outside();
        string real;
        try
        {
            real = RealPath.Of(Path.Combine(_folder, Path.Combine(parts)));
        }
        catch (IOException exception)
        {
            throw new InvalidDataException($"The tensor '{tensor.Id}' lies in '{location}', which cannot be followed: {exception.Message}", exception);
        }
        return real.StartsWith(Path.EndsInDirectorySeparator(_folder) ? _folder : _folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? real : throw Outside();

        InvalidDataException Outside() => new($"The tensor '{tensor.Id}' lies in '{location[..Math.Min(location.Length, LongestLocation)]}', which is not a file in the model's folder; others are not read.");
    }
}
