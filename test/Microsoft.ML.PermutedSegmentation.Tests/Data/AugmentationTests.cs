using TorchSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class AugmentationTests
{
    private const int Side = 4;

    [Fact]
    public void Nothing_is_drawn_for_what_is_off()
    {
        var random = new Random(1);
        Assert.Equal((CropBox.Whole(30, 40), null), new RandomChange(Augmentation.None).Draw(30, 40, random));
        Assert.Equal(new Random(1).Next(), random.Next());
    }

    [Fact]
    public void The_same_seed_draws_the_same_changes_and_all_lie_within_their_ranges()
    {
        var change = new RandomChange(new Augmentation { MinimumScale = 0.5, MaximumScale = 2, Rotation = 10, Brightness = 0.2, Contrast = 0.3, Saturation = 0.4, Hue = 20, Blur = 2 });
        Random random = new(3), same = new(3);
        var drawn = Enumerable.Range(0, 500).Select(_ => change.Draw(60, 80, random)).ToList();
        Assert.Equal(drawn, Enumerable.Range(0, 500).Select(_ => change.Draw(60, 80, same)));
        Between(drawn.Select(draw => draw.Change!.Degrees), -10, 10);
        Between(drawn.Select(draw => draw.Change!.Brightness), 0.8, 1.2);
        Between(drawn.Select(draw => draw.Change!.Contrast), 0.7, 1.3);
        Between(drawn.Select(draw => draw.Change!.Saturation), 0.6, 1.4);
        Between(drawn.Select(draw => draw.Change!.HueDegrees), -20, 20);
        Between(drawn.Select(draw => draw.Change!.Blur), 0, 2);
        // From a quarter of the area, twice enlarged, to the whole, halved.
        Between(drawn.Select(draw => Math.Sqrt(draw.Box.Height * draw.Box.Width / 4800.0)), 0.25, 2, tolerance: 0.12);
        Assert.All(drawn, draw => Assert.True(draw.Box.Height <= 60 ? draw.Box.Top >= 0 && draw.Box.Top + draw.Box.Height <= 60 : draw.Box.Top <= 0 && draw.Box.Top + draw.Box.Height >= 60));
    }

    [Fact]
    public void Beyond_the_image_there_is_void_of_the_mean_color()
    {
        var image = new LabeledImage([.. Enumerable.Repeat((byte)200, Side * Side * 3)], [.. Enumerable.Repeat((byte)2, Side * Side)], Side, Side);
        // Twice as large as the image, which lies in its middle.
        using LabeledBatch batch = LabeledBatch.Of([(image, new CropBox(-2, -2, 8, 8, Mirrored: false))], 8, 8);
        for (int y = 0; y < 8; y++)
        {
            for (int x = 0; x < 8; x++)
            {
                bool inside = y is >= 2 and < 6 && x is >= 2 and < 6;
                Assert.Equal(inside ? 1 : -100, batch.Labels[0, y, x].ToInt64());
                Assert.Equal(inside ? (200 / 255.0 - 0.485) / 0.229 : 0, batch.Images[0, 0, y, x].ToDouble(), inside ? 1e-4 : 0.01);
            }
        }
        Assert.Equal(16, batch.CountedPixels);
    }

    [Fact]
    public void Parts_at_full_resolution_have_the_windows_size_and_lie_anywhere()
    {
        var random = new Random(5);
        var change = new RandomChange(new Augmentation { MinimumCropArea = 0.1 }, window: (30, 40));
        CropBox[] boxes = [.. Enumerable.Range(0, 2000).Select(_ => change.Draw(35, 44, random).Box)];
        Assert.All(boxes, box => Assert.Equal((30, 40), (box.Height, box.Width)));
        Assert.Equal([0, 1, 2, 3, 4, 5], boxes.Select(box => box.Top).Distinct().Order());
        Assert.Equal([0, 1, 2, 3, 4], boxes.Select(box => box.Left).Distinct().Order());
        // An image that is smaller in one direction lies anywhere in the window.
        Assert.Equal([-10, 0], ((CropBox[])[.. Enumerable.Range(0, 2000).Select(_ => change.Draw(20, 44, random).Box)]).Select(box => box.Top).Order().Where((_, i) => i is 0 or 1999));
    }

    [Fact]
    public void Windows_cover_an_image()
    {
        bool[,] seen = new bool[50, 30];
        foreach (CropBox box in CropBox.Windows(50, 30, (20, 32)))
        {
            Assert.Equal((20, 32, 0, false), (box.Height, box.Width, box.Left, box.Mirrored));
            for (int y = box.Top; y < box.Top + 20; y++)
            {
                for (int x = 0; x < 30; x++)
                    seen[y, x] = true;
            }
        }
        Assert.DoesNotContain(false, seen.Cast<bool>());
    }

    [Theory]
    [InlineData(90)]
    [InlineData(-180)]
    public void A_turn_by_right_angles_moves_pixels_and_labels_alike(int degrees)
    {
        byte[] mask = [.. Enumerable.Range(0, Side * Side).Select(i => (byte)i)];
        float[] turned = [.. Enumerable.Range(0, Side * Side * 3).Select(i => (float)(i / 3))];
        var change = new ImageChange { Degrees = degrees };
        change.Apply(turned, Side, Side);
        change.Apply(mask, Side, Side);
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                // Clockwise, the pixel at the top left comes from the bottom left.
                int expected = degrees == 90 ? (Side - 1 - x) * Side + y : (Side - 1 - y) * Side + Side - 1 - x;
                Assert.Equal(expected, mask[y * Side + x]);
                Assert.Equal(expected, turned[3 * (y * Side + x) + 1], 1e-4);
            }
        }
    }

    [Fact]
    public void A_turn_leaves_void_in_the_corners()
    {
        byte[] mask = [.. Enumerable.Repeat((byte)1, 64)];
        float[] image = [.. Enumerable.Repeat(200f, 64 * 3)];
        var change = new ImageChange { Degrees = 45 };
        change.Apply(mask, 8, 8);
        change.Apply(image, 8, 8);
        // The image has its mean color there.
        Assert.Equal(ImageNormalization.Mean.ToArray(), image[..3]);
        Assert.Equal([200, 200, 200], image[(3 * (8 * 4 + 4))..][..3]);
        Assert.Equal([0, 0, 0, 0], (byte[])[mask[0], mask[7], mask[56], mask[63]]);
        Assert.Equal(1, mask[8 * 4 + 4]);
    }

    // Expected: with the matrices of the W3C's Filter Effects written out in NumPy.
    [Theory]
    [InlineData(40.0, 1.0, 1.0, 1.0, 163.824298, 49.145775, 0.0, 134.475330, 55.317805, 246.298385)]
    [InlineData(0, 0.5, 1, 1, 134.185, 49.185, 64.185, 52.945, 87.945, 162.945)]
    [InlineData(40, 0.5, 0.8, 1.1, 119.156453, 68.697903, 37.106915, 113.954388, 79.125077, 163.156532)]
    public void Colors_change_as_the_standard_says(double hue, double saturation, double contrast, double brightness, params double[] expected)
    {
        float[] changed = [200, 30, 60, 20, 90, 240];
        new ImageChange { HueDegrees = hue, Saturation = saturation, Contrast = contrast, Brightness = brightness }.Apply(changed, 1, 2);
        for (int i = 0; i < 6; i++)
            ((double)changed[i]).Should().BeApproximately(expected[i], 1e-3);
    }

    [Fact]
    public void A_blur_is_a_bell_around_each_pixel()
    {
        float[] blurred = new float[21 * 21 * 3];
        blurred[At(10, 10)] = 255;
        new ImageChange { Blur = 1.5 }.Apply(blurred, 21, 21);
        double all = Enumerable.Range(-5, 11).Sum(x => Math.Exp(-x * x / 4.5));
        ((double)blurred[At(10, 10)]).Should().BeApproximately(255 / (all * all), 1e-3);
        ((double)blurred[At(11, 8)]).Should().BeApproximately(255 * Math.Exp(-5 / 4.5) / (all * all), 1e-3);
        blurred.Where((_, i) => i % 3 == 0).Should().AllBeEquivalentTo(0f);
        ((double)blurred.Sum()).Should().BeApproximately(255, 1e-2);

        static int At(int y, int x) => 3 * (21 * y + x) + 1;
    }

    [Fact]
    public void A_blur_mirrors_what_is_beyond_the_border()
    {
        // Two rows mirror one another however far the blur reaches: the mean of both stays.
        float[] blurred = [0, 0, 0, 0, 0, 0, 0, 0, 0, 90, 90, 90, 90, 90, 90, 90, 90, 90];
        new ImageChange { Blur = 10 }.Apply(blurred, 2, 3);
        double next = Math.Exp(-1 / 200.0), upper = 90 * 2 * next / (1 + 2 * next);
        for (int i = 0; i < blurred.Length; i++)
            Assert.Equal(i < 9 ? upper : 90 - upper, blurred[i], 1e-3);
    }

    private static void Between(IEnumerable<double> values, double least, double most, double tolerance = 0.1)
    {
        double[] all = [.. values];
        Assert.InRange(all.Min(), least - 1e-9 - (tolerance == 0.1 ? 0 : 0.02), least + tolerance * (most - least));
        Assert.InRange(all.Max(), most - tolerance * (most - least), most + 1e-9 + (tolerance == 0.1 ? 0 : 0.02));
    }
}
