using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.PermutedSegmentation.Networks;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>A network's weights with batch norm folded into the convolutions, as ONNX wants them: a weight and a bias per convolution, by torchvision's names.</summary>
internal static class FoldedWeights
{
    /// <summary>The folded weights and biases of a network's state, plain or protected.</summary>
    public static IReadOnlyDictionary<string, TensorProto> Of(NetworkLayout layout, BatchNormFolding.StateReader state)
    {
        var result = new Dictionary<string, TensorProto>();
        foreach (Convolution convolution in layout.Convolutions)
        {
            byte[] weights = Room(convolution.WeightShape), bias = Room(convolution.Channels);
            BatchNormFolding.Fold(convolution, state, MemoryMarshal.Cast<byte, float>(weights.AsSpan()), MemoryMarshal.Cast<byte, float>(bias.AsSpan()));
            Add($"{convolution.Name}.weight", weights, convolution.WeightShape);
            Add($"{convolution.Name}.bias", bias, convolution.Channels);
        }
        return result;

        void Add(string name, byte[] values, params long[] shape) => result[name] = new TensorProto
        {
            Name = name,
            DataType = (int)TensorProto.Types.DataType.Float,
            Dims = { shape },
            RawData = UnsafeByteOperations.UnsafeWrap(values),
        };
    }

    private static byte[] Room(params long[] shape) => new byte[shape.Aggregate((long)sizeof(float), (product, length) => product * length)];
}
