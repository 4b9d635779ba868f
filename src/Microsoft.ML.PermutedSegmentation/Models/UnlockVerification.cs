using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.Models;

/// <summary>What is said, or thrown, when something is unlocked with another key than its own.</summary>
internal static class UnlockVerification
{
    /// <summary>Before something is unlocked: a wrong key is logged, or refused when verifying.</summary>
    public static void CheckUnlock(IHost host, bool? matches, bool verify, string what, string consequence)
    {
        if (verify)
            KeyVerification.Require(matches, what, "unlock without verifying");
        if (matches != false)
            return;
        using IChannel channel = host.Start("Unlock");
        channel.Warn($"{KeyVerification.Differs(what)} {consequence}");
    }
}
