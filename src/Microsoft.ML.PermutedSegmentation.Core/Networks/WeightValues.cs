using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>Refuses weights with which a network computes no numbers: labels would be made of them all the same.</summary>
public static class WeightValues
{
    /// <summary>Says what is wrong with the values of a tensor from a file, or null when nothing is.</summary>
    /// <param name="name">The tensor's name, for the message.</param>
    /// <param name="role">What the tensor is.</param>
    /// <param name="values">Its values.</param>
    public static string? FindProblem(string name, ParameterRole role, ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            return null;
        // It is NaN if one of them is.
        if (!float.IsFinite(TensorPrimitives.MaxMagnitude(values)))
            return $"the tensor '{name}' has values that are NaN, infinite or beyond the range of 32-bit floats.";
        return role == ParameterRole.RunningVariance && TensorPrimitives.Min(values) < 0
            ? $"the tensor '{name}' has negative values, but a variance is never negative."
            : null;
    }
}
