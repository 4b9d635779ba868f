using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>
/// The stored form of a model: the length of the description (Int32), the description (JSON), the tensors in the
/// network's order (little-endian Single, no names: the description tells what they are), and the SHA-256 of it all.
/// </summary>
/// <remarks>The checksum finds damage; it is no signature, and a file from a stranger stays a stranger's.</remarks>
internal static class ModelFile
{
    /// <summary>The most bytes that a description may have.</summary>
    public const int LargestDescription = 1 << 20;

    /// <summary>Writes a model, holding one re-protected tensor at a time.</summary>
    public static void Save(SegmentationModel model, Stream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] description = model.Description.ToJson();
        Write(BitConverter.GetBytes(description.Length));
        Write(description);
        foreach ((_, Tensor value) in model.StoredState())
        {
            using (value)
            using (Tensor onCpu = value.cpu())
            using (Tensor inOrder = onCpu.contiguous())
                Write(inOrder.bytes);
        }
        stream.Write(hash.GetHashAndReset());

        void Write(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            stream.Write(bytes);
        }
    }

    /// <summary>Reads a model straight into its tensors. Sizes are checked before anything is allocated for them.</summary>
    /// <param name="stream">Where it begins; it need not be seekable.</param>
    /// <param name="length">How many bytes the stream is said to have.</param>
    /// <exception cref="InvalidDataException">The stream is truncated, altered, or no model.</exception>
    public static SegmentationModel Load(Stream stream, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            (ModelDescription description, int descriptionLength) = ReadDescription(stream, hash);
            NetworkLayout layout = description.Layout;
            var shapes = layout.Parameters.Select(parameter => (parameter.Name, Shape: parameter.Shape.ToArray())).ToList();
            long weights = shapes.Sum(entry => entry.Shape.Aggregate(1L, (product, size) => product * size)) * sizeof(float);
            long expected = sizeof(int) + descriptionLength + weights + SHA256.HashSizeInBytes;
            if (length != expected)
                throw new InvalidDataException($"The model is damaged: it has {length} bytes, but {expected} belong to {description.Backbone} with {description.ClassNames.Count} classes.");
            return SegmentationModel.Stored(description, TorchNetwork.FromState(layout, ReadState(stream, hash, shapes)));
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidDataException("The model is damaged: it ends too early.", exception);
        }
    }

    private static (ModelDescription Description, int Length) ReadDescription(Stream stream, IncrementalHash hash)
    {
        byte[] prefix = new byte[sizeof(int)];
        stream.ReadExactly(prefix);
        int length = BitConverter.ToInt32(prefix);
        if (length is <= 0 or > LargestDescription)
            throw new InvalidDataException($"The model is damaged: its description would have {length} bytes.");
        byte[] json = new byte[length];
        stream.ReadExactly(json);
        hash.AppendData(prefix);
        hash.AppendData(json);
        return (ModelDescription.FromJson(json), length);
    }

    // The tensors, once the checksum behind them is the right one.
    private static Dictionary<string, Tensor> ReadState(Stream stream, IncrementalHash hash, IEnumerable<(string Name, long[] Shape)> shapes)
    {
        var state = new Dictionary<string, Tensor>();
        try
        {
            foreach ((string name, long[] shape) in shapes)
            {
                Tensor tensor = empty(shape, ScalarType.Float32).DetachFromDisposeScope();
                state[name] = tensor;
                stream.ReadExactly(tensor.bytes);
                hash.AppendData(tensor.bytes);
                if (WeightValues.FindProblem(name, MemoryMarshal.Cast<byte, float>(tensor.bytes)) is { } problem)
                    throw new InvalidDataException($"The model is damaged: {problem}");
            }
            byte[] checksum = new byte[SHA256.HashSizeInBytes];
            stream.ReadExactly(checksum);
            return checksum.AsSpan().SequenceEqual(hash.GetHashAndReset())
                ? state
                : throw new InvalidDataException("The model is damaged: its checksum is wrong, so it was altered after it was saved.");
        }
        catch
        {
            foreach (Tensor tensor in state.Values)
                tensor.Dispose();
            throw;
        }
    }
}
