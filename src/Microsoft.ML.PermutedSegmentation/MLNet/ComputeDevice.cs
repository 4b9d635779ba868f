using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.MLNet;

/// <summary>Which processor a network runs on.</summary>
internal static class ComputeDevice
{
    /// <summary>
    /// By the context's <see cref="MLContext.GpuDeviceId"/>: null takes the first CUDA device, or the CPU where there is
    /// none; a negative number takes the CPU; any other takes that CUDA device, or the CPU when it is missing and
    /// <see cref="MLContext.FallbackToCpu"/> is set.
    /// </summary>
    /// <exception cref="InvalidOperationException">The CUDA device is missing and falling back is not allowed.</exception>
    public static Device Choose(IHostEnvironment environment)
    {
        int? asked = environment.GetGpuDeviceId();
        if (asked is < 0)
            return CPU;
        int wanted = asked ?? 0;
        if (cuda.is_available() && wanted < cuda.device_count())
            return new Device(DeviceType.CUDA, wanted);
        if (asked is null || environment.MayFallBackToCpu())
            return CPU;
        throw new InvalidOperationException($"MLContext.GpuDeviceId is {wanted}, but libtorch reports {(cuda.is_available() ? cuda.device_count() : 0)} CUDA devices. Set MLContext.FallbackToCpu, or a GpuDeviceId of -1 for the CPU.");
    }
}
