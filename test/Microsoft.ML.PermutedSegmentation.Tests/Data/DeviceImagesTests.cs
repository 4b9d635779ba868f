using Microsoft.ML.PermutedSegmentation.Tensors;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What a GPU makes of an image, made on the CPU: the same as our own resizer, which follows Pillow, up to rounding.</summary>
public sealed class DeviceImagesTests
{
    private const int Height = 37, Width = 50;

    [Theory]
    [InlineData(0, 0, Height, Width, false, 3, false)]
    [InlineData(0, 0, Height, Width, true, 4, true)]
    [InlineData(5, 11, 20, 30, true, 4, false)]
    [InlineData(5, 11, 9, 7, false, 3, true)]
    [InlineData(-6, 20, 30, 60, false, 3, false)]
    [InlineData(-6, -9, 60, 80, true, 4, true)]
    [InlineData(40, 60, 10, 10, false, 3, false)]
    public void Are_those_of_the_CPU(int top, int left, int height, int width, bool mirrored, int bytesPerPixel, bool isBgr)
    {
        byte[] bytes = new byte[Height * Width * bytesPerPixel];
        new Random(top + width).NextBytes(bytes);
        AreSame(new PixelSpan(bytes, Height, Width, bytesPerPixel, isBgr), new CropBox(top, left, height, width, mirrored));
    }

    private static void AreSame(PixelSpan image, CropBox box)
    {
        using var scope = NewDisposeScope();
        Tensor expected = ImageTensors.CreateBatch(2, 16, 24), actual = ImageTensors.CreateBatch(2, 16, 24);
        ImageTensors.Write(expected, 1, image, box);
        DeviceImages.Write(actual, 1, image, box);
        // Normalised values: a step of a byte is about 0.017.
        Assert.True(expected[1].sub(actual[1]).abs().max().Number() < 1e-4);
        Assert.True(expected[1].abs().max().Number() > 0.01 || box.Top >= Height);
    }
}
