using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The weights of a network, checked when they are asked for, and re-ordered by a key if there is one.</summary>
/// <param name="tensors">Weights and biases of convolutions by name, protected if the model is.</param>
/// <param name="protection">What to undo; empty to take the weights as they are.</param>
internal sealed class OnnxWeights(IReadOnlyDictionary<string, TensorProto> tensors, IEnumerable<ChannelReordering> protection)
{
    private readonly ILookup<string, ChannelReordering> _protection = protection.ToLookup(reordering => reordering.Parameter);

    /// <summary>The weights and the bias of a convolution.</summary>
    /// <exception cref="InvalidDataException">One is missing, or not of the given shape, or has values that are no finite numbers.</exception>
    public (TensorProto Weights, TensorProto Bias) Get(string convolution, int outputs, int inputs, int kernel)
    {
        TensorProto weights = Find(convolution + ".weight", outputs, inputs, kernel, kernel), bias = Find(convolution + ".bias", outputs);
        foreach (ChannelReordering reordering in _protection[weights.Name])
        {
            weights = Unprotect(weights, reordering);
            if (reordering.Dimension == 0)
                bias = Unprotect(bias, reordering);
        }
        return (weights, bias);
    }

    private TensorProto Find(string name, params long[] shape)
    {
        if (!tensors.TryGetValue(name, out TensorProto? tensor))
            throw new InvalidDataException($"The weights '{name}' are missing.");
        if (tensor.DataType != (int)TensorProto.Types.DataType.Float || !tensor.Dims.SequenceEqual(shape))
            throw new InvalidDataException($"The weights '{name}' have not the shape [{string.Join(", ", shape)}] and 32-bit floats.");
        if (tensor.DataLocation != TensorProto.Types.DataLocation.Default || tensor.ExternalData.Count > 0)
            throw new InvalidDataException($"The weights '{name}' are in another file, which is not read.");
        if (tensor.RawData.Length != shape.Aggregate((long)sizeof(float), (product, length) => product * length))
            throw new InvalidDataException($"The weights '{name}' have {tensor.RawData.Length} bytes, which their shape [{string.Join(", ", shape)}] does not fit.");
        if (WeightValues.FindProblem(name, MemoryMarshal.Cast<byte, float>(tensor.RawData.Span)) is { } problem)
            throw new InvalidDataException($"The model is damaged: {problem}");
        return new TensorProto { Name = name, DataType = tensor.DataType, Dims = { shape }, RawData = tensor.RawData };
    }

    // Channel Order[i] of the plain weights is channel i of the protected ones.
    private static TensorProto Unprotect(TensorProto tensor, ChannelReordering reordering)
    {
        int channels = reordering.Order.Length, groups = reordering.Dimension == 0 ? 1 : (int)tensor.Dims[0];
        byte[] plain = new byte[tensor.RawData.Length];
        int size = plain.Length / groups / channels;
        for (int group = 0; group < groups; group++)
        {
            for (int i = 0; i < channels; i++)
                tensor.RawData.Span.Slice((group * channels + i) * size, size).CopyTo(plain.AsSpan((group * channels + reordering.Order[i]) * size));
        }
        return new TensorProto { Name = tensor.Name, DataType = tensor.DataType, Dims = { tensor.Dims }, RawData = UnsafeByteOperations.UnsafeWrap(plain) };
    }
}
