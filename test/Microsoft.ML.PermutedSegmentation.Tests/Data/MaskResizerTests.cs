using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class MaskResizerTests
{
    [Fact]
    public void Takes_the_pixel_that_the_centre_falls_into()
    {
        byte[] source = [1, 2, 3, 4, 5, 6, 7, 8, 9]; // 3 x 3
        Assert.Equal([1, 3, 7, 9], Resize(source, 3, 3, 2, 2)); // centres 0.75, 2.25
        Assert.Equal([5], Resize(source, 3, 3, 1, 1));
        Assert.Equal([1, 1, 2, 2, 3, 3], Resize([1, 2, 3], 1, 3, 1, 6));
        Assert.Equal([1, 1, 2, 2, 3, 3], Resize([1, 2, 3], 3, 1, 6, 1));
        Assert.Equal([1, 1, 2, 2, 2, 1, 1, 2, 2, 2], Resize([1, 2], 1, 2, 2, 5)); // centre of column 2 is on the edge: 1.0
    }

    [Fact]
    public void A_prediction_is_brought_to_the_size_of_its_image()
    {
        // The centre of the middle row lies on the edge of the lower one.
        Assert.Equal([1, 1, 2, 2, 0, 0, 3, 3, 0, 0, 3, 3], MaskResizer.Resize([1, 2, 0, 3], 2, 2, 3, 4));
        Assert.Throws<ArgumentException>("mask", () => MaskResizer.Resize([1, 2, 3], 2, 2, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>("newHeight", () => MaskResizer.Resize([1], 1, 1, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>("newWidth", () => MaskResizer.Resize([1], 1, 1, 1, 0));
    }

    [Fact]
    public void The_same_size_is_a_copy() => Assert.Equal([1, 2, 3, 4, 5, 6], Resize([1, 2, 3, 4, 5, 6], 2, 3, 2, 3));

    [Fact]
    public void Every_pixel_of_odd_sizes_follows_the_formula()
    {
        const int H = 17, W = 23;
        byte[] source = new byte[H * W];
        new Random(1).NextBytes(source);
        foreach ((int height, int width) in new[] { (5, 7), (40, 3000), (16, 24), (1, 1) })
        {
            byte[] target = Resize(source, H, W, height, width);
            for (int i = 0; i < target.Length; i++)
            {
                var row = (int)Math.Floor((i / width + 0.5m) * H / height);
                var column = (int)Math.Floor((i % width + 0.5m) * W / width);
                Assert.Equal(source[row * W + column], target[i]);
            }
        }
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(0, 3)]
    [InlineData(-1, -3)]
    [InlineData(65536, 65536)]
    public void Rejects_sizes_that_do_not_fit(int height, int width)
    {
        Assert.Throws<ArgumentException>("source", () => MaskResizer.Resize(new byte[3], height, width, new byte[3], 1, 3));
        Assert.Throws<ArgumentException>("target", () => MaskResizer.Resize(new byte[3], 1, 3, new byte[3], height, width));
    }

    private static byte[] Resize(byte[] source, int sourceHeight, int sourceWidth, int targetHeight, int targetWidth)
    {
        byte[] target = new byte[targetHeight * targetWidth];
        MaskResizer.Resize(source, sourceHeight, sourceWidth, target, targetHeight, targetWidth);
        return target;
    }
}
