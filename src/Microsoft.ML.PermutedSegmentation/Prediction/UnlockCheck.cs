using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>What happens to a wrong key before something is unlocked with it.</summary>
internal static class UnlockCheck
{
    /// <summary>A wrong key is logged, or refused when verifying.</summary>
    /// <param name="host">Where to log.</param>
    /// <param name="matches">Whether it is the right key; null when nobody can tell.</param>
    /// <param name="verify">Whether to refuse a key that is not known to be the right one.</param>
    /// <param name="what">What was made with a key, such as "model".</param>
    /// <param name="consequence">What a wrong key means: a sentence for the log.</param>
    /// <exception cref="WrongKeyException">Verifying, and the key is a wrong one.</exception>
    /// <exception cref="InvalidOperationException">Verifying, and nobody can tell.</exception>
    public static void Run(IHost host, bool? matches, bool verify, string what, string consequence)
    {
        if (verify)
            KeyVerification.Require(matches, what, "unlock without verifying");
        if (matches != false)
            return;
        using IChannel channel = host.Start("Unlock");
        channel.Warning($"{KeyVerification.Differs(what)} {consequence}");
    }
}
