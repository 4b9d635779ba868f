using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>What an <see cref="MLContext"/> was told, where only its environment is at hand.</summary>
internal static class EnvironmentSettings
{
    /// <summary>The seed that the context was made with; null: none.</summary>
    public static int? GetSeed(this IHostEnvironment environment) => ((IHostEnvironmentInternal)environment).Seed;

    /// <summary>Its <see cref="MLContext.GpuDeviceId"/>.</summary>
    public static int? GetGpuDeviceId(this IHostEnvironment environment) => ((IHostEnvironmentInternal)environment).GpuDeviceId;

    /// <summary>Its <see cref="MLContext.FallbackToCpu"/>.</summary>
    public static bool MayFallBackToCpu(this IHostEnvironment environment) => ((IHostEnvironmentInternal)environment).FallbackToCpu;
}
