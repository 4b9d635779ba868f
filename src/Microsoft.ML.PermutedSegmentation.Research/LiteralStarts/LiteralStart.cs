using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.LiteralStarts;

/// <summary>The paper's literal start: its network, with permuted maps, reads them with the initial weights as they are given.</summary>
internal static class LiteralStart
{
    /// <summary>As the paper most likely did: plain weights are taken for protected ones, so that the network reads them in the key's order.</summary>
    public static void ReadThroughPermutation(TorchNetwork network, WeightProtection protection)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in network.State)
        {
            using Tensor plain = protection.Unprotect(name, value);
            value.copy_(plain);
        }
    }
}
