using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ComputeDeviceTests
{
    private static readonly int Missing = torch.cuda.is_available() ? torch.cuda.device_count() : 0;

    [Fact]
    public void A_negative_device_is_the_cpu()
        => Assert.Equal(DeviceType.CPU, ComputeDevice.Choose(new MLContext { GpuDeviceId = -1 }).type);

    [Fact]
    public void No_wish_takes_cuda_where_there_is_one()
        => Assert.Equal(torch.cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU, ComputeDevice.Choose(new MLContext()).type);

    [Fact]
    public void A_missing_device_is_an_error_unless_falling_back_is_allowed()
    {
        var mlContext = new MLContext { GpuDeviceId = Missing, FallbackToCpu = false };
        Assert.Contains($"{Missing}", Assert.Throws<InvalidOperationException>(() => ComputeDevice.Choose(mlContext)).Message);
        mlContext.FallbackToCpu = true;
        Assert.Equal(DeviceType.CPU, ComputeDevice.Choose(mlContext).type);
    }
}
