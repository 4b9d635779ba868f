using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class ImageTensorsTests
{
    [Fact]
    public void Normalises_with_the_mean_and_deviation_of_ImageNet()
    {
        byte[] rgb = [.. Enumerable.Repeat((byte[])[255, 0, 51], 4 * 4).SelectMany(pixel => pixel)];
        using Tensor batch = ImageTensors.CreateBatch(1, 4, 4);
        ImageTensors.Write(batch, 0, new PixelSpan(rgb, rgb.Length / 3 / 4, 4), CropBox.Whole(4, 4));
        Assert.Equal((1 - 0.485) / 0.229, batch[0, 0, 1, 2].ToDouble(), 1e-5);
        Assert.Equal((0 - 0.456) / 0.224, batch[0, 1, 3, 3].ToDouble(), 1e-5);
        Assert.Equal((0.2 - 0.406) / 0.225, batch[0, 2, 0, 0].ToDouble(), 1e-5);
    }

    [Fact]
    public void Cuts_the_box_out_and_mirrors_it()
    {
        byte[] rgb = [.. Enumerable.Range(0, 6 * 8).SelectMany(i => (byte[])[(byte)i, (byte)i, (byte)i])];
        using Tensor batch = ImageTensors.CreateBatch(1, 2, 3);
        ImageTensors.Write(batch, 0, new PixelSpan(rgb, rgb.Length / 3 / 8, 8), new CropBox(Top: 1, Left: 4, Height: 2, Width: 3, Mirrored: true));
        // Rows 1 and 2, columns 4 to 6, right to left.
        int[] expected = [14, 13, 12, 22, 21, 20];
        for (int i = 0; i < 6; i++)
            Assert.Equal((expected[i] / 255.0 - 0.485) / 0.229, batch[0, 0, i / 3, i % 3].ToDouble(), 1e-5);
    }

    [Fact]
    public void Averages_when_it_shrinks()
    {
        // Four grey stripes of one column each; halving with a triangle filter weighs 1, 3, 3, 1 (clipped at the edges).
        byte[] values = [0, 80, 160, 240];
        byte[] rgb = [.. Enumerable.Range(0, 4 * 4).SelectMany(i => Enumerable.Repeat(values[i % 4], 3))];
        using Tensor batch = ImageTensors.CreateBatch(1, 4, 2);
        ImageTensors.Write(batch, 0, new PixelSpan(rgb, rgb.Length / 3 / 4, 4), CropBox.Whole(4, 4));
        double left = (0 * 3 + 80 * 3 + 160 * 1) / 7.0;
        Assert.Equal((left / 255 - 0.485) / 0.229, batch[0, 0, 1, 0].ToDouble(), 1e-4);
    }

    [Theory]
    [InlineData(1100, 512, 64, 512)]
    [InlineData(900, 700, 64, 96)]
    [InlineData(40, 9000, 48, 32)]
    public void A_large_image_is_resized_in_strips_as_it_would_be_at_once(int height, int width, int targetHeight, int targetWidth)
    {
        byte[] rgb = new byte[3 * height * width];
        new Random(2).NextBytes(rgb);
        using Tensor batch = ImageTensors.CreateBatch(1, targetHeight, targetWidth);
        ImageTensors.Write(batch, 0, new PixelSpan(rgb, rgb.Length / 3 / width, width), CropBox.Whole(height, width));
        using var scope = NewDisposeScope();
        Tensor whole = tensor(rgb.Select(value => (float)value).ToArray()).reshape(1, height, width, 3).permute(0, 3, 1, 2);
        Tensor expected = nn.functional.interpolate(whole, [targetHeight, targetWidth], mode: InterpolationMode.Bilinear, align_corners: false, antialias: true)
            .sub(tensor(ImageNormalization.Mean.ToArray()).reshape(1, 3, 1, 1)).div(tensor(ImageNormalization.Deviation.ToArray()).reshape(1, 3, 1, 1));
        Assert.InRange((expected - batch).abs().max().ToDouble(), 0, 1e-4);
    }

    [Fact]
    public void Image_and_mask_stay_together_whatever_the_box()
    {
        var random = new Random(5);
        var crop = new RandomResizedCrop(0.25);
        LabeledImage image = Quadrants(40, 60);
        for (int i = 0; i < 50; i++)
        {
            CropBox box = crop.Draw(40, 60, random);
            using Tensor batch = ImageTensors.CreateBatch(1, 32, 32);
            ImageTensors.Write(batch, 0, new PixelSpan(image.Rgb, image.Rgb.Length / 3 / 60, 60), box);
            long[] labels = new long[32 * 32];
            Assert.Equal(32 * 32, ImageTensors.Write(labels, 32, 32, image.Pixels, box));
            // The red of a pixel tells its class but where the filter mixes two of them.
            int wrong = Enumerable.Range(0, 32 * 32).Count(p =>
                Math.Abs((batch[0, 0, p / 32, p % 32].ToDouble() * 0.229 + 0.485) * 255 / 60 - labels[p]) > 0.5);
            Assert.InRange(wrong, 0, 3 * 64);
        }
    }

    [Theory]
    [InlineData(BlockTransformMethod.Shuffle)]
    [InlineData(BlockTransformMethod.NegativePositive)]
    public void A_transform_works_on_what_is_cut_out_and_mirrored(BlockTransformMethod method)
    {
        using var key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        BlockTransform transform = BlockTransform.Derive(method, 2, key, new byte[16]);
        // 6 x 8 pixels in; 4 x 4 of them out, right to left, as pixels of four bytes.
        byte[] rgb = [.. Enumerable.Range(0, 6 * 8 * 3).Select(i => (byte)(5 * i))];
        byte[] part = [.. Enumerable.Range(0, 16).SelectMany(p => rgb[(3 * ((1 + p / 4) * 8 + 5 - p % 4))..][..3].Append((byte)0))], expected = new byte[64];
        transform.Apply(part, expected, width: 4, isBgr: false);

        using Tensor batch = ImageTensors.CreateBatch(1, 4, 4);
        ImageTensors.Write(batch, 0, new PixelSpan(rgb, rgb.Length / 3 / 8, 8), new CropBox(Top: 1, Left: 2, Height: 4, Width: 4, Mirrored: true), transform: transform);
        for (int p = 0; p < 16; p++)
            Assert.Equal((expected[4 * p] / 255.0 - 0.485) / 0.229, batch[0, 0, p / 4, p % 4].ToDouble(), 1e-5);
    }

    [Fact]
    public void Three_digit_codes_are_not_rounded()
    {
        using var key = PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        BlockTransform transform = BlockTransform.Derive(BlockTransformMethod.FormatPreserving, 2, key, new byte[16]);
        int[] codes = key.GetThreeDigitCodes(new byte[16]);
        HashSet<int> encrypted = [.. key.GetBlockOrder(new byte[16], "ffx-positions", 2)[..6]];
        byte[] rgb = [.. Enumerable.Range(0, 12).Select(i => (byte)(20 * i))];
        using Tensor batch = ImageTensors.CreateBatch(1, 2, 2);
        ImageTensors.Write(batch, 0, new PixelSpan(rgb, rgb.Length / 3 / 2, 2), CropBox.Whole(2, 2), transform: transform);
        for (int p = 0; p < 4; p++)
        {
            double share = (encrypted.Contains(3 * p) ? codes[rgb[3 * p]] : rgb[3 * p]) / (double)codes.Max();
            Assert.Equal((share - 0.485) / 0.229, batch[0, 0, p / 2, p % 2].ToDouble(), 1e-5);
        }
    }

    [Fact]
    public void Void_pixels_are_marked_and_not_counted()
    {
        var image = new LabeledImage(new byte[2 * 2 * 3], [0, 1, 2, 0], 2, 2);
        long[] labels = new long[4];
        Assert.Equal(2, ImageTensors.Write(labels, 2, 2, image.Pixels, CropBox.Whole(2, 2)));
        Assert.Equal([TensorLabels.Void, 0, 1, TensorLabels.Void], labels);
    }

    // Four quarters of class 0 to 3, with red 0, 60, 120, 180.
    private static LabeledImage Quadrants(int height, int width)
    {
        int ClassAt(int p) => (p / width < height / 2 ? 0 : 2) + (p % width < width / 2 ? 0 : 1);
        return new LabeledImage(
            [.. Enumerable.Range(0, height * width).SelectMany(p => (byte[])[(byte)(60 * ClassAt(p)), 0, 0])],
            [.. Enumerable.Range(0, height * width).Select(p => (byte)(ClassAt(p) + 1))], height, width);
    }
}
