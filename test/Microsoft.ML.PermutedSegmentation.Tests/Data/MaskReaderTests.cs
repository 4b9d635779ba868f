using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class MaskReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // In the color fixtures class 21 of 22 is void.
    private static readonly byte[] ExpectedOfColors = [.. PngFixtures.Expected(22).Select(k => k == 21 ? (byte)0 : (byte)(k + 1))];

    [Theory]
    [InlineData("indexed8")]
    [InlineData("grey8")]
    public void Class_k_becomes_key_value_k_plus_1(string name)
    {
        var (keys, height, width) = Read(PngFixtures.Get(name), 23);
        Assert.Equal((PngFixtures.Height, PngFixtures.Width), (height, width));
        Assert.Equal(PngFixtures.Expected(23).Select(k => (byte)(k + 1)), keys);
    }

    [Theory]
    [InlineData("rgb8")]
    [InlineData("rgba8-adam7")]
    public void Colors_become_the_classes_of_the_palette(string name)
    {
        var (keys, height, width) = Read(PngFixtures.Get(name), 21);
        Assert.Equal((PngFixtures.Height, PngFixtures.Width), (height, width));
        Assert.Equal(ExpectedOfColors, keys);
    }

    [Fact]
    public void Void_becomes_the_missing_key()
    {
        string path = _folder.WriteMask("mask.png", [0, 255, 254, 255], 2, 2);
        Assert.Equal([1, 0, 255, 0], Reader(255).Read(path).KeyValues);
    }

    [Fact]
    public void Names_the_first_pixel_of_a_class_out_of_range()
    {
        string path = _folder.WriteMask("mask.png", [0, 1, 2, 255, 3, 9], 3, 2);
        var exception = Assert.Throws<InvalidDataException>(() => Reader(3).Read(path));
        Assert.Equal($"'{path}': pixel (x = 1, y = 1) has the class 3. There are 3 classes, 0 to 2, and 255 for void pixels.", exception.Message);
    }

    [Theory]
    [InlineData("rgb8-strange", "pixel (x = 4, y = 7) has the color (1, 2, 3)")]
    [InlineData("rgba8-transparent", "pixel (x = 5, y = 2) is transparent (alpha 0)")]
    [InlineData("grey-alpha8", "grey with alpha")]
    [InlineData("grey16", "16 bits")]
    public void Refuses_pixels_that_mean_no_class(string name, string reason)
    {
        var exception = Assert.Throws<InvalidDataException>(() => Read(PngFixtures.Get(name), 23));
        Assert.Contains(_folder.At("mask.png"), exception.Message);
        Assert.Contains(reason, exception.Message);
    }

    [Fact]
    public void A_color_of_the_palette_beyond_the_classes_is_refused() =>
        Assert.Contains("has the class", Assert.Throws<InvalidDataException>(() => Read(PngFixtures.Get("rgb8"), 5)).Message);

    [Fact]
    public void Refuses_other_formats_and_reports_missing_files()
    {
        string jpeg = _folder.WriteImage("mask.jpg", 8, 8);
        var reader = Reader(2);
        Assert.Contains("PNG signature", Assert.Throws<InvalidDataException>(() => reader.Read(jpeg)).Message);
        Assert.Contains("none.png", Assert.Throws<FileNotFoundException>(() => reader.Read(_folder.At("none.png"))).Message);
    }

    [Fact]
    public void Refuses_a_mask_that_is_stored_turned()
    {
        byte[] Mask(byte orientation) => PngFile.OneRow(0, 8, [0, 1], exif: [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        Assert.Equal([1, 2], Read(Mask(1), 2).KeyValues);
        Assert.Contains("orientation 6", Assert.Throws<InvalidDataException>(() => Read(Mask(6), 2)).Message);
    }

    private (byte[] KeyValues, int Height, int Width) Read(byte[] file, int classCount) =>
        Reader(classCount).Read(_folder.Write("mask.png", file));

    private static MaskReader Reader(int classCount, ClassPalette? palette = null) =>
        new([.. Enumerable.Range(0, classCount).Select(k => $"class {k}")], palette ?? ClassPalette.Voc);
}
