using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>What a thief can make of a sealed file: its encrypted values are bits that nothing tells from random ones.</summary>
internal static class SealedNoise
{
    /// <summary>
    /// Weights of a convolution that are spread as initial weights are (He et al., 2015), by the encrypted bits; other parameters as they begin, since
    /// noise in them stops any training.
    /// </summary>
    public static Tensor ToWeights(string name, Tensor encrypted)
    {
        long[] shape = encrypted.shape;
        if (shape.Length < 2)
            return name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith(".running_var", StringComparison.Ordinal) ? ones_like(encrypted) : zeros_like(encrypted);
        double fanIn = encrypted.NumberOfElements / (double)shape[0], bound = Math.Sqrt(6 / fanIn);
        using Tensor weights = TensorBytes.New(shape);
        encrypted.UseBytes(bytes =>
        {
            ReadOnlySpan<int> bits = MemoryMarshal.Cast<byte, int>(bytes);
            Span<float> values = weights.Values();
            for (int i = 0; i < bits.Length; i++)
                values[i] = (float)(bits[i] * bound / int.MaxValue);
        });
        return weights.to(encrypted.device).alias();
    }
}
