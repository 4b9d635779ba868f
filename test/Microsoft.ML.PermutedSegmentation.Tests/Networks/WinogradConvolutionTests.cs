using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class WinogradConvolutionTests
{
    [Theory]
    [InlineData(128, 128, 1, 8, 8)]
    [InlineData(128, 144, 1, 9, 14)]
    [InlineData(144, 128, 2, 16, 32)]
    [InlineData(128, 128, 2, 11, 6)]
    [InlineData(128, 128, 4, 32, 16)]
    [InlineData(128, 128, 4, 3, 19)]
    [InlineData(128, 128, 1, 1, 1)]
    [InlineData(128, 128, 1, 70, 90)] // more tiles than are made at once
    [InlineData(128, 128, 4, 5, 1100)] // one row of tiles is more than that
    public void Computes_what_a_convolution_does(long channels, long outputs, long dilation, long height, long width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor weights = randn([outputs, channels, 3, 3], generator: generator).div_(Math.Sqrt(9 * channels)), bias = randn([outputs], generator: generator);
        Tensor images = randn([2, height, width, channels], generator: generator).permute(0, 3, 1, 2);
        using var winograd = new WinogradConvolution(weights, bias, (int)dilation);

        Tensor expected = nn.functional.conv2d(
            images.to(ScalarType.Float64), weights.to(ScalarType.Float64), bias.to(ScalarType.Float64), [1L, 1], [dilation, dilation], [dilation, dilation]);
        Tensor actual = winograd.Run(images);
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(SmallNetworks.Difference(expected, actual) < 2e-5);
        // In whatever order the images lie in memory.
        Assert.Equal(actual.contiguous().bytes.ToArray(), winograd.Run(images.contiguous()).contiguous().bytes.ToArray());
    }

    [Fact]
    public void Vectors_of_every_width_give_the_same()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var tiles = new WinogradTiles(7, 5, Dilation: 1);
        Tensor map = randn([7, 5, 32], generator: generator), kernels = randn([3, 3, 2, 64], generator: generator), bias = randn([32], generator: generator);

        byte[] narrow = Everything(new WinogradVectorRows<Floats4>());
        Assert.Equal(narrow, Everything(new WinogradVectorRows<Floats8>()));
        // On processors without such vectors .NET computes with shorter ones.
        Assert.Equal(narrow, Everything(new WinogradVectorRows<Floats16>()));

        byte[] Everything(WinogradRows rows)
        {
            using WinogradProducts inputs = new(tiles.Columns, 32), outputs = new(tiles.Columns, 32), weights = new(2, 32);
            using Tensor to = zeros(7, 5, 32);
            foreach (WinogradProducts products in new[] { inputs, outputs, weights })
                products.Bytes.Clear();
            rows.ReadInputs(TileRow.Of(tiles, [map], row: 1, firstChannel: 0, inputs, place: 0));
            rows.ReadOutputs(TileRow.Of(tiles, [map], row: 1, firstChannel: 0, outputs, place: 0));
            rows.ReadKernels(kernels, channel: 1, firstOutput: 32, weights);
            rows.WriteOutputs(TileRow.Of(tiles, [to], row: 1, firstChannel: 0, inputs, place: 0), bias, relu: true);
            return [.. inputs.Bytes, .. outputs.Bytes, .. weights.Bytes, .. to.bytes];
        }
    }

    [Fact]
    public void Leaves_other_convolutions_alone()
    {
        using var scope = NewDisposeScope();
        Assert.True(Suits([128, 256, 3, 3]));
        Assert.False(Suits([128, 256, 3, 3], stride: 2));
        Assert.False(Suits([128, 256, 1, 1]));
        Assert.False(Suits([128, 64, 3, 3]));
        Assert.False(Suits([129, 128, 3, 3]));
        Assert.False(Suits([128, 136, 3, 3]));
        // A small map, and one that tiles of 16x16 pixels do not fit.
        Assert.False(Suits([128, 256, 3, 3], height: 8, width: 8));
        Assert.True(Suits([128, 256, 3, 3], dilation: 4, height: 16, width: 31));
        Assert.False(Suits([128, 256, 3, 3], dilation: 4, height: 17, width: 17));

        static bool Suits(long[] shape, long stride = 1, long dilation = 1, int height = 16, int width = 16) =>
            WinogradChoice.Suits(zeros(shape), stride, dilation, height, width);
    }
}
