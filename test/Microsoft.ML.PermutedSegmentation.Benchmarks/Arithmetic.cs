namespace Microsoft.ML.PermutedSegmentation.Benchmarks;

/// <summary>How much there is to compute.</summary>
internal static class Arithmetic
{
    /// <summary>
    /// Multiplications in the convolutions of an FCN of bottlenecks, at output stride 8, for one image; all, or those of the
    /// convolutions whose names start as given.
    /// </summary>
    public static double Multiplications(FcnArchitecture architecture, int size, string names = "") => FcnNetwork.DescribeState(architecture)
        .Where(entry => entry.Shape.Length == 4 && entry.Name.StartsWith(names, StringComparison.Ordinal))
        .Sum(entry => entry.Shape.Aggregate(1.0, (product, length) => product * length) * Math.Pow((double)size / Fraction(entry.Name), 2));

    // How many times smaller than the image a convolution's output is. A bottleneck has its stride in the 3x3 convolution, so
    // the first one of stage 2 still sees a quarter.
    private static int Fraction(string name) => name == "backbone.conv1.weight"
        ? 2
        : name.StartsWith("backbone.layer1.", StringComparison.Ordinal) || name == "backbone.layer2.0.conv1.weight" ? 4 : 8;
}
