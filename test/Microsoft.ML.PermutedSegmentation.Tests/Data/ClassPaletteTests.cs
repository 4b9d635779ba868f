using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public class ClassPaletteTests
{
    [Theory] // from the VOC development kit's documentation of the color map
    [InlineData(0, 0, 0, 0)]
    [InlineData(1, 128, 0, 0)]
    [InlineData(2, 0, 128, 0)]
    [InlineData(3, 128, 128, 0)]
    [InlineData(4, 0, 0, 128)]
    [InlineData(7, 128, 128, 128)]
    [InlineData(8, 64, 0, 0)]
    [InlineData(15, 192, 128, 128)]
    [InlineData(20, 0, 64, 128)]
    [InlineData(255, 224, 224, 192)]
    public void Has_the_colors_of_voc(int index, int red, int green, int blue)
    {
        Assert.Equal(((byte)red, (byte)green, (byte)blue), ClassPalette.Voc[index]);
        Assert.True(ClassPalette.Voc.TryGetClass((byte)red, (byte)green, (byte)blue, out byte found));
        Assert.Equal(index, found);
    }

    [Fact]
    public void Voc_has_255_classes_and_void()
    {
        Assert.Equal(255, ClassPalette.Voc.Count);
        Assert.Equal(((byte)224, (byte)224, (byte)192), ClassPalette.Voc.VoidColor);
    }

    [Fact]
    public void Finds_only_exact_colors()
    {
        var palette = ClassPalette.FromColors([(10, 20, 30), (40, 50, 60)]);
        Assert.True(palette.TryGetClass(40, 50, 60, out byte found));
        Assert.Equal(1, found);
        Assert.True(palette.TryGetClass(224, 224, 192, out found));
        Assert.Equal(255, found);
        Assert.False(palette.TryGetClass(40, 50, 61, out _));
        Assert.False(palette.TryGetClass(60, 50, 40, out _));
    }

    [Fact]
    public void Void_may_have_another_color()
    {
        var palette = ClassPalette.FromColors([(1, 1, 1)], voidColor: (0, 0, 0));
        Assert.True(palette.TryGetClass(0, 0, 0, out byte found));
        Assert.Equal(255, found);
        Assert.False(palette.TryGetClass(224, 224, 192, out _));
        Assert.Equal(palette.VoidColor, palette[255]);
    }

    [Fact]
    public void Refuses_colors_that_do_not_tell_classes_apart()
    {
        Assert.Contains("Classes 0 and 2", Assert.Throws<ArgumentException>(
            () => ClassPalette.FromColors([(1, 2, 3), (3, 2, 1), (1, 2, 3)])).Message);
        Assert.Contains("void", Assert.Throws<ArgumentException>(() => ClassPalette.FromColors([(224, 224, 192)])).Message);
        Assert.Throws<ArgumentException>(() => ClassPalette.FromColors([]));
        Assert.Throws<ArgumentException>(
            () => ClassPalette.FromColors([.. Enumerable.Range(0, 256).Select(i => ((byte)i, (byte)0, (byte)0))]));
    }

    [Fact]
    public void Has_no_color_for_a_class_it_does_not_have()
    {
        var palette = ClassPalette.FromColors([(1, 2, 3)]);
        Assert.Throws<ArgumentOutOfRangeException>(() => palette[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => palette[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => ClassPalette.Voc[256]);
    }
}
