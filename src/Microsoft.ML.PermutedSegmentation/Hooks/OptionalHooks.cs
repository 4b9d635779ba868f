using System.Diagnostics;

namespace Microsoft.ML.PermutedSegmentation.Hooks;

/// <summary>
/// Whether to reach past what hosts document: into ML.NET's private fields, the C library's heap, and libtorch's threads and operators. All of it
/// makes things faster or smaller and nothing else (in bfloat16 one also rounds less often), so each place has a documented way to go instead.
/// docs/hooks.md describes every hook.
/// </summary>
internal static class OptionalHooks
{
    /// <summary>The switch of <see cref="AppContext"/>, on unless it is set to false before the library is first used.</summary>
    public const string Switch = "Microsoft.ML.PermutedSegmentation.UseHooks";

    /// <summary>Whether hooks may be used.</summary>
    public static bool AreOn { get; } = !AppContext.TryGetSwitch(Switch, out bool isOn) || isOn;

    /// <summary>Says in a trace, for anyone who wonders why something became slower, that a host is not what a hook was made for.</summary>
    /// <param name="host">What was looked for.</param>
    /// <param name="instead">What is done without it.</param>
    public static void SayMissing(string host, string instead) => Trace.TraceInformation($"{Switch}: {host} was not found, so {instead}.");
}
