using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class RandomResizedCropTests
{
    [Fact]
    public void Boxes_lie_inside_the_image_and_cover_at_least_the_given_share()
    {
        var crop = new RandomResizedCrop(0.25);
        var random = new Random(7);
        int mirrored = 0;
        var areas = new List<double>();
        for (int i = 0; i < 2000; i++)
        {
            CropBox box = crop.Draw(120, 200, random);
            Assert.InRange(box.Top, 0, 120 - box.Height);
            Assert.InRange(box.Left, 0, 200 - box.Width);
            areas.Add(box.Height * box.Width / (120.0 * 200.0));
            // Aspect ratio relative to the image's, with room for rounding to pixels.
            Assert.InRange(box.Width / (double)box.Height / (200.0 / 120.0), 0.73, 1.36);
            mirrored += box.Mirrored ? 1 : 0;
        }
        Assert.InRange(areas.Min(), 0.245, 0.27);
        Assert.InRange(areas.Max(), 0.9, 1);
        Assert.InRange(mirrored, 900, 1100);
    }

    [Fact]
    public void A_least_share_of_one_keeps_the_whole_image()
    {
        var random = new Random(3);
        for (int i = 0; i < 20; i++)
            Assert.Equal(CropBox.Whole(48, 64), new RandomResizedCrop(1).Draw(48, 64, random) with { Mirrored = false });
    }
}
