using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.PermutedSegmentation.Networks;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Microsoft.ML.PermutedSegmentation.Quantization;

/// <summary>The tensors of a network of 8 bits: their names, and their values from floats.</summary>
/// <remarks>
/// Each output channel of a convolution has a scale of its own, so that the order of channels changes nothing: protected weights become what plain
/// ones become, in another order.
/// </remarks>
internal static class QuantizedTensors
{
    /// <summary>
    /// The largest weight. Processors without VNNI add the products of two bytes and two weights in 16 bits: 2 x 255 x 64 fits, and 127 would not, so that
    /// scores would depend on the processor.
    /// </summary>
    public const int LargestWeight = 64;

    // A bias must fit into 32 bits, with the sum of a convolution.
    private const double LargestBias = 1 << 30;

    public static string ScaleOf(string place) => $"{place}/scale";

    public static string ZeroPointOf(string place) => $"{place}/zero_point";

    public static string WeightScaleOf(Convolution convolution) => $"{convolution.Name}.weight_scale";

    public static string BiasScaleOf(Convolution convolution) => $"{convolution.Name}.bias_scale";

    /// <summary>How the values of a place become bytes.</summary>
    public static IEnumerable<TensorProto> Of(string place, ActivationRange range) =>
        [Create<float>(ScaleOf(place), DataType.Float, [range.Scale]), Create<byte>(ZeroPointOf(place), DataType.Uint8, [range.ZeroPoint])];

    /// <summary>The weights of a convolution, their scales and the bias in steps of the products.</summary>
    /// <param name="convolution">The convolution.</param>
    /// <param name="weights">Its weights, [outputs, ...].</param>
    /// <param name="bias">Its bias.</param>
    /// <param name="inputScale">The scale of what it reads.</param>
    public static IEnumerable<TensorProto> Of(Convolution convolution, TensorProto weights, TensorProto bias, float inputScale)
    {
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(weights.RawData.Span), offsets = MemoryMarshal.Cast<byte, float>(bias.RawData.Span);
        int size = values.Length / offsets.Length;
        var rounded = new sbyte[values.Length];
        var scales = new float[offsets.Length];
        var roundedBias = new int[offsets.Length];
        for (int channel = 0; channel < scales.Length; channel++)
        {
            ReadOnlySpan<float> part = values.Slice(channel * size, size);
            float scale = scales[channel] = ScaleOf(part, offsets[channel], inputScale);
            for (int i = 0; i < size; i++)
                rounded[channel * size + i] = (sbyte)Math.Clamp(MathF.Round(part[i] / scale), -LargestWeight, LargestWeight);
            roundedBias[channel] = (int)Math.Clamp(Math.Round(offsets[channel] / (double)(inputScale * scale)), -LargestBias, LargestBias);
        }
        return
        [
            Create<sbyte>(weights.Name, DataType.Int8, rounded, [.. weights.Dims]), Create<float>(WeightScaleOf(convolution), DataType.Float, scales, scales.Length),
            Create<int>(bias.Name, DataType.Int32, roundedBias, scales.Length),
        ];
    }

    /// <summary>The scales of a bias: those of what the convolution sums up.</summary>
    public static TensorProto BiasScales(Convolution convolution, float inputScale, ReadOnlySpan<float> weightScales)
    {
        float[] scales = new float[weightScales.Length];
        TensorPrimitives.Multiply(weightScales, inputScale, scales);
        return Create<float>(BiasScaleOf(convolution), DataType.Float, scales, scales.Length);
    }

    // Of a channel without weights only the bias matters.
    private static float ScaleOf(ReadOnlySpan<float> weights, float bias, float inputScale)
    {
        float forWeights = Math.Abs(TensorPrimitives.MaxMagnitude(weights)) / LargestWeight;
        float forBias = (float)(Math.Abs(bias) / (inputScale * LargestBias));
        return Math.Clamp(Math.Max(forWeights, forBias), ActivationRange.SmallestScale, ActivationRange.LargestScale);
    }

    private static TensorProto Create<T>(string name, DataType type, ReadOnlySpan<T> values, params long[] shape) where T : unmanaged =>
        new() { Name = name, DataType = (int)type, Dims = { shape }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)) };
}
