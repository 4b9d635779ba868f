using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Writes a model, one tensor after the other; the stream need not be seekable and stays the caller's.</summary>
internal sealed class ModelWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Queue<(string Name, long Size)> _expected;
    private readonly FileSeal? _seal;
    private readonly byte[]? _digest;
    private byte[] _encrypted = [];

    /// <param name="stream">Where to write.</param>
    /// <param name="description">The model.</param>
    /// <param name="names">The names of its weights, in the order in which they will come; of a sealed model that of its layout.</param>
    /// <param name="metadata">What else is to be kept with it.</param>
    /// <param name="seal">Encrypts the weights of a sealed model; null when they are encrypted already, or it is not sealed.</param>
    /// <param name="tag">Belongs to encrypted weights; null for others.</param>
    public ModelWriter(
        Stream stream, ModelDescription description, IEnumerable<string> names, IEnumerable<(string Name, string Value)> metadata, ModelSeal? seal = null, SealTag? tag = null)
    {
        (_stream, _digest) = (stream, tag?.Digest);
        var shapes = description.Layout.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Shape.ToArray());
        (string Name, long[] Shape)[] weights = [.. names.Select(name => (name, shapes[name]))];
        if (weights.Length != shapes.Count)
            throw new ArgumentException($"{weights.Length} tensors are given; the network has {shapes.Count}.", nameof(names));
        _expected = new(weights.Select(entry => (entry.Name, entry.Shape.Aggregate((long)sizeof(float), (product, size) => product * size))));
        var tensors = weights.Select(entry => (entry.Name, ElementType.Float32, entry.Shape));
        if (description.IsSealed)
        {
            byte[] nonce = tag?.Nonce ?? RandomNumberGenerator.GetBytes(ModelSeal.NonceSize);
            _seal = seal?.For(description, nonce);
            tensors = tensors.Append((ModelFormat.SealDigestName, ElementType.UInt8, ModelFormat.ChecksumShape));
            metadata = metadata.Append((ModelFormat.SealNonceName, Convert.ToHexStringLower(nonce)));
        }
        Append(SafetensorsHeader.Write(
            [.. tensors, (ModelFormat.ChecksumName, ElementType.UInt8, ModelFormat.ChecksumShape)],
            new[] { (ModelFormat.FormatName, ModelFormat.FormatOf(description)) }.Concat(ModelMetadata.Write(description)).Concat(metadata).ToDictionary()));
    }

    /// <summary>Writes the next tensor.</summary>
    public void Write(string name, ReadOnlySpan<byte> values)
    {
        if (!_expected.TryDequeue(out var next) || next != (name, values.Length))
            throw new InvalidOperationException($"The tensor '{name}' with {values.Length} bytes is not the next one.");
        if (_seal is null)
            Append(values);
        else
            AppendSealed(_seal, values);
    }

    /// <summary>Writes the checksum behind the last tensor.</summary>
    public void Complete()
    {
        if (_expected.TryPeek(out var next))
            throw new InvalidOperationException($"The tensor '{next.Name}' is missing.");
        if ((_seal?.GetDigest() ?? _digest) is { } digest)
            Append(digest);
        _stream.Write(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hash.Dispose();
        _seal?.Dispose();
    }

    private void AppendSealed(FileSeal seal, ReadOnlySpan<byte> values)
    {
        if (_encrypted.Length < values.Length)
            _encrypted = new byte[values.Length];
        Span<byte> encrypted = _encrypted.AsSpan(0, values.Length);
        values.CopyTo(encrypted);
        seal.Transform(encrypted);
        seal.Append(encrypted);
        Append(encrypted);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _stream.Write(bytes);
    }
}
