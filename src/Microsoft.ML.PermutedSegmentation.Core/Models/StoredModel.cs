using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>Says where the values of a tensor go.</summary>
/// <param name="name">The tensor's name.</param>
/// <param name="shape">Its sizes.</param>
/// <returns>Memory for as many values.</returns>
public delegate Span<float> TensorPlace(string name, IReadOnlyList<long> shape);

/// <summary>
/// A model that lies in a stream, read up to its description. Whatever it says is checked: its sizes before memory is taken for a tensor,
/// its values and its checksum when they are read.
/// </summary>
public sealed class StoredModel
{
    private readonly Stream _stream;
    private readonly byte[] _head;
    private byte[]? _nonce;

    /// <param name="stream">It goes on with the tensors, and ends with the checksum of all before it.</param>
    /// <param name="head">What was read of it already.</param>
    /// <param name="description">What that says of the network.</param>
    /// <param name="metadata">What else it says.</param>
    /// <param name="tensors">The tensors as they follow.</param>
    internal StoredModel(
        Stream stream, byte[] head, ModelDescription description, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<(string Name, IReadOnlyList<long> Shape)> tensors)
    {
        (_stream, _head) = (stream, head);
        (Description, Metadata, Tensors) = (description, metadata, tensors);
    }

    /// <summary>How many bytes lie before the weights.</summary>
    public long HeadLength => _head.Length;

    /// <summary>The network, and what of it needs a key.</summary>
    public ModelDescription Description { get; }

    /// <summary>All metadata, such as the names of the columns that an ML.NET model reads and makes.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The weights as they follow one another in the stream: exactly those of the described network.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<long> Shape)> Tensors { get; }

    /// <summary>Reads the head of a model in today's format.</summary>
    /// <param name="stream">Where it begins; it need not be seekable, and stays the caller's.</param>
    /// <param name="length">How many bytes it is said to have.</param>
    /// <exception cref="InvalidDataException">It is not a model, or is damaged.</exception>
    internal static StoredModel Open(Stream stream, long length)
    {
        SafetensorsHeader header;
        try
        {
            header = SafetensorsHeader.Read(stream, length);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"The model is damaged: {exception.Message}", exception);
        }
        string? format = header.Metadata.GetValueOrDefault(ModelFormat.FormatName);
        if (format is not (ModelFormat.Format or ModelFormat.SealedFormat))
            throw new InvalidDataException($"The model is damaged, or a later version of the library wrote it: its format is neither '{ModelFormat.Format}' nor '{ModelFormat.SealedFormat}'.");
        ModelDescription description = ModelMetadata.Read(header.Metadata);
        if (format != ModelFormat.FormatOf(description))
            throw new InvalidDataException($"The model is damaged: its format '{format}' does not say whether it is sealed.");
        if (header.Entries.ToArray() is not [.. var tensors, { Name: ModelFormat.ChecksumName, Type: ElementType.UInt8 } checksum] || !checksum.Shape.SequenceEqual(ModelFormat.ChecksumShape))
            throw new InvalidDataException("The model is damaged: it does not end with its checksum.");
        byte[]? nonce = description.IsSealed ? ReadNonce(header, ref tensors) : null;
        CheckTensors(description, tensors);
        if (nonce is not null && !tensors.Select(tensor => tensor.Name).SequenceEqual(description.Layout.Parameters.Select(parameter => parameter.Name)))
            throw new InvalidDataException("The model is damaged: its sealed weights are not in their order.");
        return new StoredModel(stream, header.Bytes, description, header.Metadata, [.. tensors.Select(tensor => (tensor.Name, (IReadOnlyList<long>)Array.AsReadOnly(tensor.Shape)))]) { _nonce = nonce };
    }

    /// <summary>Reads all weights to where they belong, each once, and checks them: what was read counts only if nothing is thrown.</summary>
    /// <param name="place">Asked for each of <see cref="Tensors"/>, in their order.</param>
    /// <exception cref="InvalidDataException">The model is damaged: it ends too early, was altered, or has values that are not weights.</exception>
    /// <exception cref="InvalidOperationException">The model is sealed.</exception>
    public void ReadWeights(TensorPlace place)
    {
        ArgumentNullException.ThrowIfNull(place);
        if (_nonce is not null)
            throw new InvalidOperationException("The weights of this model are sealed, and are read with its key.");
        ReadStored(place);
    }

    /// <summary>The same, of a sealed model its encrypted weights, and what belongs to them; null of any other.</summary>
    internal SealTag? ReadStored(TensorPlace place)
    {
        Dictionary<string, ParameterRole> roles = Description.Layout.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Role);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_head);
        try
        {
            foreach ((string name, IReadOnlyList<long> shape) in Tensors)
            {
                Span<float> values = place(name, shape);
                Span<byte> bytes = MemoryMarshal.AsBytes(values);
                _stream.ReadExactly(bytes);
                hash.AppendData(bytes);
                if (_nonce is null && WeightValues.FindProblem(name, roles[name], values) is { } problem)
                    throw new InvalidDataException($"The model is damaged: {problem}");
            }
            byte[] digest = new byte[_nonce is null ? 0 : SHA256.HashSizeInBytes];
            _stream.ReadExactly(digest);
            hash.AppendData(digest);
            Span<byte> checksum = stackalloc byte[SHA256.HashSizeInBytes];
            _stream.ReadExactly(checksum);
            if (!checksum.SequenceEqual(hash.GetHashAndReset()))
                throw new InvalidDataException("The model is damaged: its checksum is wrong, so it was altered after it was saved.");
            return _nonce is null ? null : new SealTag(_nonce, digest);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidDataException("The model is damaged: it ends too early.", exception);
        }
    }

    /// <summary>Reads all weights into arrays, by their names.</summary>
    /// <exception cref="InvalidDataException">The model is damaged: it ends too early, was altered, or has values that are not weights.</exception>
    /// <exception cref="InvalidOperationException">The model is sealed.</exception>
    public IReadOnlyDictionary<string, float[]> ReadWeights()
    {
        var weights = new Dictionary<string, float[]>();
        ReadWeights((name, shape) => weights[name] = new float[shape.Aggregate(1L, (product, size) => product * size)]);
        return weights;
    }

    // Takes the digest off the tensors.
    private static byte[] ReadNonce(SafetensorsHeader header, ref SafetensorsEntry[] tensors)
    {
        if (tensors is not [.. var weights, { Name: ModelFormat.SealDigestName, Type: ElementType.UInt8 } digest] || !digest.Shape.SequenceEqual(ModelFormat.ChecksumShape))
            throw new InvalidDataException("The model is damaged: its seal has no digest.");
        tensors = weights;
        byte[] nonce = new byte[ModelSeal.NonceSize];
        return header.Metadata.GetValueOrDefault(ModelFormat.SealNonceName) is { Length: 2 * ModelSeal.NonceSize } text
            && Convert.FromHexString(text, nonce, out _, out int written) == System.Buffers.OperationStatus.Done && written == nonce.Length
            ? nonce : throw new InvalidDataException("The model is damaged: its seal has no nonce.");
    }

    // They may lie in any order, unless they are sealed.
    private static void CheckTensors(ModelDescription description, IReadOnlyList<SafetensorsEntry> tensors)
    {
        var expected = description.Layout.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Shape);
        foreach (SafetensorsEntry tensor in tensors)
        {
            if (tensor.Type != ElementType.Float32 || !expected.Remove(tensor.Name, out IReadOnlyList<long>? shape) || !tensor.Shape.SequenceEqual(shape))
                throw new InvalidDataException($"The model is damaged: the tensor '{tensor.Name}' does not belong to {Name(description)}, or has another shape or element type there.");
        }
        if (expected.Count > 0)
            throw new InvalidDataException($"The model is damaged: the tensor '{expected.Keys.First()}' of {Name(description)} is missing.");
    }

    private static string Name(ModelDescription description) => $"{description.Network} with {description.Backbone} and {description.ClassNames.Count} classes";
}
