using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ComputeDeviceTests
{
    [Theory]
    [InlineData(null, 0, DeviceType.CPU, -1)]
    [InlineData(null, 1, DeviceType.CUDA, 0)]
    [InlineData(null, 4, DeviceType.CUDA, 0)]
    [InlineData(0, 1, DeviceType.CUDA, 0)]
    [InlineData(3, 4, DeviceType.CUDA, 3)]
    [InlineData(-1, 0, DeviceType.CPU, -1)]
    [InlineData(-1, 4, DeviceType.CPU, -1)]
    public void A_machine_has_what_a_context_asks_for(int? gpuDeviceId, int devices, DeviceType type, int index)
    {
        foreach (bool fallbackToCpu in (bool[])[false, true])
        {
            torch.Device device = ComputeDevice.Choose(gpuDeviceId, fallbackToCpu, () => devices);
            Assert.Equal((type, index), (device.type, device.index));
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 4)]
    [InlineData(9, 1)]
    public void A_missing_device_is_an_error_unless_falling_back_is_allowed(int gpuDeviceId, int devices)
    {
        Assert.Equal(DeviceType.CPU, ComputeDevice.Choose(gpuDeviceId, fallbackToCpu: true, () => devices).type);
        FluentActions.Invoking(() => ComputeDevice.Choose(gpuDeviceId, fallbackToCpu: false, () => devices))
            .Should().Throw<InvalidOperationException>().WithMessage($"*GpuDeviceId is {gpuDeviceId}*reports {devices} *");
    }

    [Fact]
    public void A_context_is_asked_for_all_of_its_settings()
    {
        const int Missing = 99;
        Assert.Equal(DeviceType.CPU, ComputeDevice.Choose(new MLContext { GpuDeviceId = -1 }).type);
        Assert.Equal(DeviceType.CPU, ComputeDevice.Choose(new MLContext { GpuDeviceId = Missing, FallbackToCpu = true }).type);
        Assert.Throws<InvalidOperationException>(() => ComputeDevice.Choose(new MLContext { GpuDeviceId = Missing, FallbackToCpu = false }));
    }

    [Fact]
    public void Where_the_CPU_is_wanted_devices_are_not_looked_for() =>
        Assert.Equal(DeviceType.CPU, ComputeDevice.Choose(-1, fallbackToCpu: false, () => throw new InvalidOperationException()).type);
}
