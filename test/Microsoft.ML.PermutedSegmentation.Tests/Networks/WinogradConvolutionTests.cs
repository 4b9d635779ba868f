using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class WinogradConvolutionTests
{
    [Theory]
    [InlineData(128, 128, 1, 8, 8)]
    [InlineData(128, 136, 1, 9, 14)]
    [InlineData(136, 128, 2, 16, 32)]
    [InlineData(128, 128, 2, 11, 6)]
    [InlineData(128, 128, 4, 32, 16)]
    [InlineData(128, 128, 4, 3, 19)]
    [InlineData(128, 128, 1, 1, 1)]
    public void Computes_what_a_convolution_does(long channels, long outputs, long dilation, long height, long width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor weights = randn([outputs, channels, 3, 3], generator: generator).div_(Math.Sqrt(9 * channels)), bias = randn([outputs], generator: generator);
        Tensor images = randn([2, height, width, channels], generator: generator).permute(0, 3, 1, 2);
        Assert.True(WinogradConvolution.Suits(weights, stride: 1));
        using var winograd = new WinogradConvolution(weights, bias, dilation);

        Tensor expected = nn.functional.conv2d(
            images.to(ScalarType.Float64), weights.to(ScalarType.Float64), bias.to(ScalarType.Float64), [1L, 1], [dilation, dilation], [dilation, dilation]);
        Tensor actual = winograd.Run(images);
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(SmallNetworks.Difference(expected, actual) < 2e-5);
        // In whatever order the images lie in memory.
        Assert.Equal(actual.contiguous().bytes.ToArray(), winograd.Run(images.contiguous()).contiguous().bytes.ToArray());
    }

    [Fact]
    public void Leaves_other_convolutions_alone()
    {
        using var scope = NewDisposeScope();
        Assert.False(WinogradConvolution.Suits(zeros(128, 128, 3, 3), stride: 2));
        Assert.False(WinogradConvolution.Suits(zeros(128, 128, 1, 1), stride: 1));
        Assert.False(WinogradConvolution.Suits(zeros(128, 64, 3, 3), stride: 1));
        Assert.False(WinogradConvolution.Suits(zeros(129, 128, 3, 3), stride: 1));
    }
}
