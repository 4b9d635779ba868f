using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.PermutedSegmentation.Networks;
using Microsoft.ML.PermutedSegmentation.Protection;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The weights of a network, checked when they are asked for, and put in order by a key if there is one.</summary>
/// <param name="tensors">Weights and biases of convolutions by name, protected if the model is.</param>
/// <param name="protection">What to undo; null to take the weights as they are.</param>
internal sealed class OnnxWeights(IReadOnlyDictionary<string, TensorProto> tensors, WeightProtection? protection)
{
    /// <summary>The weights and the bias of a convolution.</summary>
    /// <exception cref="InvalidDataException">One is missing, or has another shape, or values that are not finite numbers.</exception>
    public (TensorProto Weights, TensorProto Bias) Get(Convolution convolution) =>
        (Unprotect(Find($"{convolution.Name}.weight", ParameterRole.Weight, convolution.WeightShape)),
            Unprotect(Find($"{convolution.Name}.bias", ParameterRole.Bias, convolution.Channels)));

    private TensorProto Find(string name, ParameterRole role, params long[] shape)
    {
        if (!tensors.TryGetValue(name, out TensorProto? tensor))
            throw new InvalidDataException($"The weights '{name}' are missing.");
        if (tensor.DataType != (int)TensorProto.Types.DataType.Float || !tensor.Dims.SequenceEqual(shape))
            throw new InvalidDataException($"The weights '{name}' do not have the shape [{string.Join(", ", shape)}] and 32-bit floats.");
        if (tensor.DataLocation != TensorProto.Types.DataLocation.Default || tensor.ExternalData.Count > 0)
            throw new InvalidDataException($"The weights '{name}' are in another file, which is not read.");
        if (tensor.RawData.Length != shape.Aggregate((long)sizeof(float), (product, length) => product * length))
            throw new InvalidDataException($"The weights '{name}' have {tensor.RawData.Length} bytes, which does not match their shape [{string.Join(", ", shape)}].");
        if (WeightValues.FindProblem(name, role, MemoryMarshal.Cast<byte, float>(tensor.RawData.Span)) is { } problem)
            throw new InvalidDataException($"The model is damaged: {problem}");
        return new TensorProto { Name = name, DataType = tensor.DataType, Dims = { shape }, RawData = tensor.RawData };
    }

    private TensorProto Unprotect(TensorProto tensor)
    {
        if (protection?.Changes(tensor.Name) != true)
            return tensor;
        byte[] plain = new byte[tensor.RawData.Length];
        protection.Unprotect(tensor.Name, MemoryMarshal.Cast<byte, float>(tensor.RawData.Span), MemoryMarshal.Cast<byte, float>(plain.AsSpan()));
        return new TensorProto { Name = tensor.Name, DataType = tensor.DataType, Dims = { tensor.Dims }, RawData = UnsafeByteOperations.UnsafeWrap(plain) };
    }
}
