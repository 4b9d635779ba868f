using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>
/// Batch norm folded into the convolution before it: in evaluation both are linear, so together they are one convolution with
/// a bias. The same for a network as it is stored, protected: a re-ordering of outputs re-orders both alike.
/// </summary>
public static class BatchNormFolding
{
    /// <summary>Reads the values of a tensor of the network's state, in the order of its shape.</summary>
    /// <param name="name">The tensor's name.</param>
    public delegate ReadOnlySpan<float> StateReader(string name);

    /// <summary>The weights and the bias of one convolution, folded by factors that are computed in double precision.</summary>
    /// <param name="convolution">The convolution.</param>
    /// <param name="state">The network's state, plain or protected.</param>
    /// <param name="weights">Room for its weights.</param>
    /// <param name="bias">Room for one value per channel.</param>
    public static void Fold(Convolution convolution, StateReader state, Span<float> weights, Span<float> bias)
    {
        ArgumentNullException.ThrowIfNull(convolution);
        ArgumentNullException.ThrowIfNull(state);
        ReadOnlySpan<float> plain = state($"{convolution.Name}.weight");
        if (convolution.HasBias)
            state($"{convolution.Name}.bias").CopyTo(bias);
        else
            bias.Clear();
        if (convolution.Norm is not { } norm)
        {
            plain.CopyTo(weights);
            return;
        }
        ReadOnlySpan<float> gamma = state($"{norm.Name}.weight"), beta = state($"{norm.Name}.bias"),
            mean = state($"{norm.Name}.running_mean"), variance = state($"{norm.Name}.running_var");
        int size = weights.Length / convolution.Channels;
        for (int channel = 0; channel < convolution.Channels; channel++)
        {
            double scale = gamma[channel] / Math.Sqrt(variance[channel] + norm.Epsilon);
            Scale(plain.Slice(channel * size, size), (float)scale, weights.Slice(channel * size, size));
            bias[channel] = (float)(beta[channel] + (bias[channel] - mean[channel]) * scale);
        }
    }

    // A model is folded once, before .NET would compile TensorPrimitives well: these few lines are faster then.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(ReadOnlySpan<float> values, float factor, Span<float> result)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Span<Vector<float>> scaled = MemoryMarshal.Cast<float, Vector<float>>(result);
        for (int i = 0; i < vectors.Length; i++)
            scaled[i] = vectors[i] * factor;
        for (int i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
            result[i] = values[i] * factor;
    }
}
