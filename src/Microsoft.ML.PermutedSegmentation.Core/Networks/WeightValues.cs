using System.Numerics.Tensors;

namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>Refuses weights with which a network computes no numbers: labels would be made of them all the same.</summary>
internal static class WeightValues
{
    /// <summary>Says what is wrong with the values of a tensor from a file, or null when nothing is.</summary>
    /// <param name="name">The tensor's name; of a variance, it ends in running_var.</param>
    /// <param name="values">Its values.</param>
    public static string? FindProblem(string name, ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            return null;
        // It is NaN if one of them is.
        if (!float.IsFinite(TensorPrimitives.MaxMagnitude(values)))
            return $"the tensor '{name}' has values that are NaN, infinite or beyond the range of 32-bit floats.";
        return name.EndsWith("running_var", StringComparison.Ordinal) && TensorPrimitives.Min(values) < 0
            ? $"the tensor '{name}' has negative values, which no variance has."
            : null;
    }
}
