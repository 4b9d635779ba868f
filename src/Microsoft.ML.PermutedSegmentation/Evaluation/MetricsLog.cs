using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.Evaluation;

/// <summary>Tells ML.NET's log what is suspicious about metrics.</summary>
internal static class MetricsLog
{
    /// <summary>Logs what may be wrong with the data.</summary>
    public static void LogWarnings(this SegmentationMetrics metrics, IHostEnvironment environment)
    {
        using IChannel channel = environment.Register("Evaluation").Start("Evaluation");
        foreach (string? warning in (ReadOnlySpan<string?>)[metrics.ObjectsAsVoid, metrics.ClassesWithoutTruth])
        {
            if (warning is not null)
                channel.Warn(warning);
        }
    }
}
