using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Windows over networks that are written down here.</summary>
public sealed class WindowedImageTests
{
    private const int Window = 32, Stride = 8, Cells = Window / Stride;

    private static ModelDescription Model(TestTimeAugmentation? augmentation = null) =>
        new ModelDescription(SegmentationNetwork.Fcn, Backbone.ResNet18, Stride, Window, Window, ["a", "b", "c"]).With(ScoringMode.SlidingWindow, augmentation);

    [Theory]
    [InlineData(32, 32)]
    [InlineData(104, 88)]
    [InlineData(75, 101)]
    [InlineData(40, 33)]
    [InlineData(9, 50)]
    [InlineData(5, 3)]
    [InlineData(1, 1)]
    public void Blends_as_a_plain_implementation_does(int height, int width)
    {
        using var scope = NewDisposeScope();
        byte[] rgb = RandomImage(height, width);
        float[] probabilities = new float[3 * height * width];
        byte[] labels = Run(Model(), rgb, height, width, LooksAtPlaces, probabilities);
        Tensor expected = NaiveBlending.Probabilities(tensor(rgb, height, width, 3), Window, Stride, image =>
            tensor(LooksAtPlaces(image.permute(1, 2, 0).contiguous().data<float>().ToArray())).reshape(Cells, Cells, 3).permute(2, 0, 1));
        (tensor(probabilities, 3, height, width) - expected).abs().max().ToDouble().Should().BeLessThan(1e-4);
        Tensor chosen = expected.gather(0, tensor(labels, 1, height, width).to(ScalarType.Int64).sub_(1));
        (expected.amax([0]) - chosen.squeeze(0)).max().ToDouble().Should().BeLessThan(1e-4);
    }

    [Fact]
    public void Where_windows_lie_does_not_matter_to_a_network_that_looks_at_one_cell()
    {
        const int Height = 104, Width = 200;
        byte[] rgb = RandomImage(Height, Width);
        byte[] labels = Run(Model(), rgb, Height, Width, LooksAtCells);
        float[] scores = MeansOfCells(Array.ConvertAll(rgb, value => (float)value), Height, Width);
        byte[] expected = LabelUpsampler.Upsample(scores, 1, Height / Stride, Width / Stride, 3, Height, Width);
        // Rounding may choose between classes that are as good as equal.
        Assert.InRange(labels.Zip(expected).Count(pair => pair.First != pair.Second), 0, 3);
        Assert.Equal(3, labels.Distinct().Count());
    }

    [Fact]
    public void The_mirrored_image_has_the_mirrored_mask()
    {
        const int Height = 45, Width = 71;
        byte[] rgb = RandomImage(Height, Width), mirrored = Mirror(rgb, Height, Width, 3);
        ModelDescription model = Model(new TestTimeAugmentation(flip: true, scales: [1, 1.5]));
        byte[] labels = Run(model, rgb, Height, Width, LooksAtPlaces);
        Assert.Equal(Mirror(labels, Height, Width, 1), Run(model, mirrored, Height, Width, LooksAtPlaces));
        Assert.NotEqual(labels, Run(Model(), rgb, Height, Width, LooksAtPlaces));
    }

    [Fact]
    public void Memory_does_not_grow_with_the_height_of_the_image()
    {
        ModelDescription model = Model();
        long small = BytesOf(200), large = BytesOf(2000);
        // The labels are the caller's. For each window there are a few bytes that are soon free again.
        Assert.InRange(large - small, 0, 1 << 20);

        long BytesOf(int height)
        {
            byte[] labels = new byte[height * 64];
            byte[] rgb = new byte[3 * height * 64];
            float[] scores = new float[8 * Cells * Cells * 3];
            var image = new WindowedImage(model, height, 64, () => new PixelSpan(rgb, height, 64), (_, count) => scores.AsSpan(0, count * Cells * Cells * 3));
            long before = GC.GetAllocatedBytesForCurrentThread();
            image.Run(labels);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Wrong_sizes_are_refused()
    {
        var image = new WindowedImage(Model(), 40, 50, () => new PixelSpan(new byte[3 * 40 * 50], 40, 50), (_, count) => new float[count * Cells * Cells * 3]);
        Assert.Throws<ArgumentException>("labels", () => image.Run(new byte[40 * 50 - 1]));
        Assert.Throws<ArgumentException>("probabilities", () => image.Run(new byte[40 * 50], new float[40 * 50]));
        Assert.Throws<ArgumentOutOfRangeException>("height", () => new WindowedImage(Model(), 0, 50, () => default, (_, _) => []));
    }

    private static byte[] Run(ModelDescription model, byte[] rgb, int height, int width, Func<float[], float[]> network, float[]? probabilities = null)
    {
        byte[] labels = new byte[height * width];
        const int Size = Window * Window * 3;
        var image = new WindowedImage(
            model, height, width, () => new PixelSpan(rgb, height, width),
            (images, count) => Enumerable.Range(0, count).SelectMany(i => network(images[(i * Size)..((i + 1) * Size)])).ToArray());
        image.Run(labels, probabilities);
        return labels;
    }

    // The scores of a cell are the means of its colors.
    private static float[] LooksAtCells(float[] rgb) => MeansOfCells(rgb, Window, Window);

    // They also depend on where in the window the cell lies.
    private static float[] LooksAtPlaces(float[] rgb) => [.. LooksAtCells(rgb).Select((score, i) => score * (1 + 0.1f * (i % 7)) / 20)];

    private static float[] MeansOfCells(float[] rgb, int height, int width)
    {
        float[] means = new float[height / Stride * (width / Stride) * 3];
        for (int i = 0; i < rgb.Length; i++)
            means[(i / 3 / width / Stride * (width / Stride) + i / 3 % width / Stride) * 3 + i % 3] += rgb[i] / (Stride * Stride);
        return means;
    }

    private static byte[] RandomImage(int height, int width)
    {
        byte[] rgb = new byte[height * width * 3];
        new Random(height + width).NextBytes(rgb);
        return rgb;
    }

    private static byte[] Mirror(byte[] values, int height, int width, int channels)
    {
        byte[] result = new byte[values.Length];
        for (int p = 0; p < height * width; p++)
            values.AsSpan(p * channels, channels).CopyTo(result.AsSpan((p / width * width + width - 1 - p % width) * channels));
        return result;
    }
}
