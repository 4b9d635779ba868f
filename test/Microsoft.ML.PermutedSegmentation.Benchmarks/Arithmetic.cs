namespace Microsoft.ML.PermutedSegmentation.Benchmarks;

/// <summary>How much there is to compute.</summary>
internal static class Arithmetic
{
    /// <summary>Multiplications in the convolutions of a network for one image; all, or those from a layer on.</summary>
    public static double Multiplications(NetworkLayout layout, int size, int first = 0) => layout.Convolutions
        .Where(layer => layer.Index >= first)
        .Sum(layer => layer.WeightShape.Aggregate(1.0, (product, length) => product * length) * (layer.Stride == 0 ? 1 : Math.Pow((double)size / layer.Stride, 2)));
}
