using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>Doubly stochastic matrices (Sinkhorn and Knopp, 1967).</summary>
internal static class Sinkhorn
{
    private const int Iterations = 20;

    /// <summary>The matrix of exponentials with rows and columns scaled until each sums to 1.</summary>
    public static Tensor Normalize(Tensor logarithms)
    {
        using var scope = NewDisposeScope();
        for (int i = 0; i < Iterations; i++)
        {
            logarithms = logarithms.sub(logarithms.logsumexp(1, keepdim: true));
            logarithms = logarithms.sub(logarithms.logsumexp(0, keepdim: true));
        }
        return logarithms.exp().MoveToOuterDisposeScope();
    }
}
