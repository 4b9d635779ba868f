using Microsoft.ML.PermutedSegmentation.Tensors;
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
    /// <exception cref="DllNotFoundException">The application does not bring libtorch.</exception>
    public static Device Choose(IHostEnvironment environment)
    {
        LibTorch.Require();
        return Choose(environment.GetGpuDeviceId(), environment.MayFallBackToCpu(), () => cuda.is_available() ? cuda.device_count() : 0);
    }

    /// <summary>The same for a machine with a number of CUDA devices, which is not asked for where the CPU is wanted.</summary>
    public static Device Choose(int? gpuDeviceId, bool fallbackToCpu, Func<int> countDevices)
    {
        if (gpuDeviceId is < 0)
            return CPU;
        int wanted = gpuDeviceId ?? 0, count = countDevices();
        if (wanted < count)
            return new Device(DeviceType.CUDA, wanted);
        if (gpuDeviceId is null || fallbackToCpu)
            return CPU;
        throw new InvalidOperationException($"MLContext.GpuDeviceId is {wanted}, but libtorch reports {count} CUDA devices. Set MLContext.FallbackToCpu, or a GpuDeviceId of -1 for the CPU.");
    }
}
