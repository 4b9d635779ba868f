using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.LiteralStarts;

/// <summary>The paper's literal start: its network, with permuted maps, reads them with the initial weights as they are given.</summary>
internal static class LiteralStart
{
    /// <summary>
    /// Takes the weights of a network for protected ones: for what the paper's network, with its permuted maps, starts from.
    /// Leaves the plain weights with which the plain network computes the same.
    /// </summary>
    public static void ReadThroughPermutation(FcnNetwork network, WeightProtection protection)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in network.State())
        {
            using Tensor plain = protection.Unprotect(name, value);
            value.copy_(plain);
        }
    }
}
