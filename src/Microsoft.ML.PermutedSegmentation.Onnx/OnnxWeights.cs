using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.PermutedSegmentation.Networks;
using Microsoft.ML.PermutedSegmentation.Protection;
using Microsoft.ML.PermutedSegmentation.Quantization;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>The weights of a network, checked when they are asked for, and put in order by a key if there is one.</summary>
/// <param name="tensors">Weights and biases of convolutions by name, protected if the model is; of a network of 8 bits the scales, too.</param>
/// <param name="protection">What to undo; null to take the weights as they are.</param>
internal sealed class OnnxWeights(IReadOnlyDictionary<string, TensorProto> tensors, WeightProtection? protection)
{
    /// <summary>Whether the network is one of 8 bits: all convolutions but the classifiers are, or the first that is not will be refused.</summary>
    public bool AreQuantized { get; } = tensors.Values.Any(tensor => tensor.DataType == (int)DataType.Int8);

    /// <summary>The weights and the bias of a convolution of floats.</summary>
    /// <exception cref="InvalidDataException">One is missing, or has another shape, or values that are not finite numbers.</exception>
    public (TensorProto Weights, TensorProto Bias) Get(Convolution convolution) =>
        (Unprotect<float>(FindFloats($"{convolution.Name}.weight", ParameterRole.Weight, convolution.WeightShape)),
            Unprotect<float>(FindFloats($"{convolution.Name}.bias", ParameterRole.Bias, convolution.Channels)));

    /// <summary>The weights and the bias of a convolution of 8 bits, with their scales.</summary>
    /// <param name="convolution">The convolution.</param>
    /// <param name="place">Where what it reads was rounded.</param>
    /// <exception cref="InvalidDataException">One is missing, or has another type or shape, or a scale is none.</exception>
    public (TensorProto Weights, TensorProto Scale, TensorProto Bias, TensorProto BiasScale) GetQuantized(Convolution convolution, string place)
    {
        string bias = $"{convolution.Name}.bias";
        TensorProto scale = Unprotect<float>(FindScale(QuantizedTensors.WeightScaleOf(convolution), convolution.Channels), orderOf: bias);
        return (Unprotect<sbyte>(Find($"{convolution.Name}.weight", DataType.Int8, convolution.WeightShape)), scale,
            Unprotect<int>(Find(bias, DataType.Int32, convolution.Channels)),
            QuantizedTensors.BiasScales(convolution, Floats(GetScale(place))[0], Floats(scale)));
    }

    /// <summary>The scale of the values in a place.</summary>
    /// <exception cref="InvalidDataException">It is missing or none.</exception>
    public TensorProto GetScale(string place) => FindScale(QuantizedTensors.ScaleOf(place));

    /// <summary>The byte that is 0 in a place.</summary>
    /// <exception cref="InvalidDataException">It is missing or none.</exception>
    public TensorProto GetZeroPoint(string place) => Find(QuantizedTensors.ZeroPointOf(place), DataType.Uint8);

    private TensorProto FindFloats(string name, ParameterRole role, params long[] shape)
    {
        TensorProto tensor = Find(name, DataType.Float, shape);
        return WeightValues.FindProblem(name, role, Floats(tensor)) is { } problem ? throw new InvalidDataException($"The model is damaged: {problem}") : tensor;
    }

    private TensorProto FindScale(string name, params long[] shape)
    {
        TensorProto tensor = Find(name, DataType.Float, shape);
        foreach (float value in Floats(tensor))
        {
            // Not a number is neither.
            if (!(value >= ActivationRange.SmallestScale && value <= ActivationRange.LargestScale))
                throw new InvalidDataException($"The model is damaged: the tensor '{name}' has the value {value}, which cannot be a scale.");
        }
        return tensor;
    }

    private TensorProto Find(string name, DataType type, params long[] shape)
    {
        if (!tensors.TryGetValue(name, out TensorProto? tensor))
            throw new InvalidDataException($"The weights '{name}' are missing.");
        (int size, string values) = type switch
        {
            DataType.Float => (4, "32-bit floats"),
            DataType.Int32 => (4, "32-bit integers"),
            DataType.Int8 => (1, "8-bit integers"),
            _ => (1, "bytes"),
        };
        if (tensor.DataType != (int)type || !tensor.Dims.SequenceEqual(shape))
            throw new InvalidDataException($"The weights '{name}' do not have the shape [{string.Join(", ", shape)}] and {values}.");
        if (tensor.DataLocation != DataLocation.Default || tensor.ExternalData.Count > 0)
            throw new InvalidDataException($"The weights '{name}' are in another file, which is not read.");
        if (tensor.RawData.Length != shape.Aggregate((long)size, (product, length) => product * length))
            throw new InvalidDataException($"The weights '{name}' have {tensor.RawData.Length} bytes, which does not match their shape [{string.Join(", ", shape)}].");
        return new TensorProto { Name = name, DataType = tensor.DataType, Dims = { shape }, RawData = tensor.RawData };
    }

    private static ReadOnlySpan<float> Floats(TensorProto tensor) => MemoryMarshal.Cast<byte, float>(tensor.RawData.Span);

    // The scales of weights lie in the order of the bias.
    private TensorProto Unprotect<T>(TensorProto tensor, string? orderOf = null) where T : unmanaged
    {
        if (protection?.Changes(orderOf ?? tensor.Name) != true)
            return tensor;
        byte[] plain = new byte[tensor.RawData.Length];
        protection.Unprotect(orderOf ?? tensor.Name, MemoryMarshal.Cast<byte, T>(tensor.RawData.Span), MemoryMarshal.Cast<byte, T>(plain.AsSpan()));
        return new TensorProto { Name = tensor.Name, DataType = tensor.DataType, Dims = { tensor.Dims }, RawData = UnsafeByteOperations.UnsafeWrap(plain) };
    }
}
