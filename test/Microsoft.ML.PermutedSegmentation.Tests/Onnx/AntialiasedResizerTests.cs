using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class AntialiasedResizerTests
{
    [Theory]
    [InlineData(180, 240, 96, 128)]
    [InlineData(97, 61, 32, 64)]
    [InlineData(20, 30, 64, 96)]
    [InlineData(3, 500, 40, 7)]
    [InlineData(1, 1, 5, 4)]
    [InlineData(8, 6, 1, 1)]
    public void Gives_what_libtorch_gives(int height, int width, int newHeight, int newWidth)
    {
        using var scope = NewDisposeScope();
        byte[] rgb = new byte[height * width * 3];
        new Random(height).NextBytes(rgb);
        float[] resized = new float[newHeight * newWidth * 3];
        AntialiasedResizer.Resize(rgb, height, width, resized, newHeight, newWidth);
        Tensor image = tensor(rgb, 1, height, width, 3).permute(0, 3, 1, 2).to(ScalarType.Float32);
        Tensor expected = nn.functional.interpolate(image, [newHeight, newWidth], mode: InterpolationMode.Bilinear, align_corners: false, antialias: true);
        Assert.True((tensor(resized, 1, newHeight, newWidth, 3).permute(0, 3, 1, 2) - expected).abs().max().ToDouble() < 1e-3);
    }

    [Fact]
    public void An_image_of_the_right_size_stays_as_it_is()
    {
        byte[] rgb = new byte[7 * 9 * 3];
        new Random(1).NextBytes(rgb);
        float[] resized = new float[rgb.Length];
        AntialiasedResizer.Resize(rgb, 7, 9, resized, 7, 9);
        Assert.Equal(Array.ConvertAll(rgb, value => (float)value), resized);
    }

    [Fact]
    public void Halving_weighs_one_three_three_one()
    {
        // Clipped at the edge: 3, 3, 1.
        float[] resized = new float[2 * 3];
        AntialiasedResizer.Resize([0, 0, 0, 70, 70, 70, 140, 140, 140, 210, 210, 210], 1, 4, resized, 1, 2);
        Assert.Equal((3 * 0 + 3 * 70 + 140) / 7f, resized[0], 1e-3f);
        Assert.Equal((70 + 3 * 140 + 3 * 210) / 7f, resized[3], 1e-3f);
    }
}
