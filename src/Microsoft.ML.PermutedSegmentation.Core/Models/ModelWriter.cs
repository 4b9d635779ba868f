using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Writes a model, one tensor after the other; the stream need not be seekable and stays the caller's.</summary>
internal sealed class ModelWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Queue<(string Name, long Size)> _expected;

    /// <param name="stream">Where to write.</param>
    /// <param name="description">The model.</param>
    /// <param name="names">The names of its weights, in the order in which they will come.</param>
    /// <param name="metadata">What else is to be kept with it.</param>
    public ModelWriter(Stream stream, ModelDescription description, IEnumerable<string> names, IEnumerable<(string Name, string Value)> metadata)
    {
        _stream = stream;
        var shapes = description.Layout.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Shape.ToArray());
        (string Name, long[] Shape)[] weights = [.. names.Select(name => (name, shapes[name]))];
        if (weights.Length != shapes.Count)
            throw new ArgumentException($"{weights.Length} tensors are given; the network has {shapes.Count}.", nameof(names));
        _expected = new(weights.Select(entry => (entry.Name, entry.Shape.Aggregate((long)sizeof(float), (product, size) => product * size))));
        Append(SafetensorsHeader.Write(
            [.. weights.Select(entry => (entry.Name, ElementType.Float32, entry.Shape)), (ModelFormat.ChecksumName, ElementType.UInt8, ModelFormat.ChecksumShape)],
            new[] { (ModelFormat.FormatName, ModelFormat.Format) }.Concat(ModelMetadata.Write(description)).Concat(metadata).ToDictionary()));
    }

    /// <summary>Writes the next tensor.</summary>
    public void Write(string name, ReadOnlySpan<byte> values)
    {
        if (!_expected.TryDequeue(out var next) || next != (name, values.Length))
            throw new InvalidOperationException($"The tensor '{name}' with {values.Length} bytes is not the next one.");
        Append(values);
    }

    /// <summary>Writes the checksum behind the last tensor.</summary>
    public void Complete()
    {
        if (_expected.TryPeek(out var next))
            throw new InvalidOperationException($"The tensor '{next.Name}' is missing.");
        _stream.Write(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _stream.Write(bytes);
    }
}
