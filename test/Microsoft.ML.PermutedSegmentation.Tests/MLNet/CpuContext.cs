namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Where tests look at the bits of weights and scores: a GPU's cannot be read in place, and its sums change from run to run.</summary>
internal static class CpuContext
{
    public static MLContext Create(int? seed = null) => new(seed) { GpuDeviceId = -1 };
}
