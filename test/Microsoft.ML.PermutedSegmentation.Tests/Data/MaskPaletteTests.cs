using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Whether the values of a mask or its colors are the classes: the table in docs/data.md.</summary>
public sealed class MaskPaletteTests : IDisposable
{
    private const int Grey = 0, Rgb = 2, Indexed = 3;

    // Colors of VOC's classes 0, 1, 2 and 15, and of void.
    private static readonly (int, int, int) Background = (0, 0, 0), Aeroplane = (128, 0, 0), Bicycle = (0, 128, 0), Person = (192, 128, 128), Void = (224, 224, 192);
    private static readonly (int, int, int) Black = (0, 0, 0), White = (255, 255, 255), Foreign = (1, 2, 3), OtherForeign = (3, 2, 1);

    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Values_are_classes_in_vocs_own_palette()
    {
        (int, int, int)[] palette = [.. Enumerable.Range(0, 256).Select(k => ((int)ClassPalette.Voc[k].Red, (int)ClassPalette.Voc[k].Green, (int)ClassPalette.Voc[k].Blue))];
        Assert.Equal([1, 16, 2, 0], Read(PngFile.OneRow(Indexed, 8, [0, 15, 1, 255], palette)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Colors_are_classes_where_the_palette_was_renumbered(int bitDepth)
    {
        Assert.Equal([1, 16, 16], Read(PngFile.OneRow(Indexed, bitDepth, [0, 1, 1], [Background, Person])));
        Assert.Equal([1, 16, 16], Read(PngFile.OneRow(Indexed, bitDepth, [1, 0, 0], [Person, Background])));
    }

    [Fact]
    public void Void_and_classes_that_kept_their_number_are_read_by_color_beside_one_that_did_not() =>
        Assert.Equal([1, 2, 16, 0], Read(PngFile.OneRow(Indexed, 2, [0, 1, 2, 3], [Background, Aeroplane, Person, Void])));

    [Fact]
    public void Values_are_classes_in_palettes_of_greys_and_of_other_colors()
    {
        (int, int, int)[] greys = [.. Enumerable.Range(0, 256).Select(i => (i, i, i))];
        Assert.Equal([1, 16, 0], Read(PngFile.OneRow(Indexed, 8, [0, 15, 255], greys)));
        Assert.Equal([1, 2], Read(PngFile.OneRow(Indexed, 8, [0, 1], [Foreign, OtherForeign])));
        Assert.Equal([1, 2], Read(PngFile.OneRow(Indexed, 1, [0, 1], [Black, White])));
    }

    [Fact]
    public void Entries_that_no_pixel_uses_do_not_count() =>
        Assert.Equal([1, 3], Read(PngFile.OneRow(Indexed, 8, [0, 2], [Background, Person, Foreign, Aeroplane])));

    [Fact]
    public void A_color_that_an_earlier_entry_has_does_not_count()
    {
        // As where 19 classes have colors, and the rest of the 256 entries, void among them, is black.
        (int, int, int)[] palette = [.. Enumerable.Range(0, 19).Select(i => (i, 2, 3)), .. Enumerable.Repeat(Black, 237)];
        Assert.Equal([1, 6, 0], Read(PngFile.OneRow(Indexed, 8, [0, 5, 255], palette)));
        Assert.Equal([1, 3], Read(PngFile.OneRow(Indexed, 8, [0, 2], [Black, Foreign, Black])));
    }

    [Fact]
    public void Colors_of_classes_that_the_data_has_not_do_not_count() =>
        Assert.Equal([1, 2], Read(PngFile.OneRow(Indexed, 8, [0, 1], [Background, Person]), classCount: 2));

    [Fact]
    public void A_mix_is_refused_by_name()
    {
        string message = Refuse(PngFile.OneRow(Indexed, 8, [0, 1, 2], [Background, Person, Foreign]));
        Assert.StartsWith($"'{_folder.At("mask.png")}': its palette entry 1 has the color (192, 128, 128) of class 15 'person', and its palette entry 2 has (1, 2, 3), which is not the color of any class", message);
        Assert.Contains("entry 0 has the color (224, 224, 192) of void pixels, and its palette entry 1", Refuse(PngFile.OneRow(Indexed, 8, [0, 1], [Void, Foreign])));
        // Black and white the other way round: by its values it would be inverted.
        Assert.Contains("entry 1 has the color (0, 0, 0) of class 0 'background'", Refuse(PngFile.OneRow(Indexed, 1, [0, 1], [White, Black])));
        Assert.Contains("its palette entry 2 is not in its palette", Refuse(PngFile.OneRow(Indexed, 2, [1, 2], [Background, Person])));
    }

    [Fact]
    public void Each_file_of_a_folder_is_read_by_its_own_palette()
    {
        _folder.Write("a.png", PngFile.OneRow(Indexed, 8, [0, 15], [.. Enumerable.Range(0, 256).Select(i => (i, i, i))]));
        _folder.Write("b.png", PngFile.OneRow(Indexed, 8, [0, 1], [Background, Person]));
        _folder.Write("c.png", PngFile.OneRow(Rgb, 8, [0, 0, 0, 192, 128, 128]));
        IDataView view = Load([.. VocFolder.VocClassNames], null, "a.png", "b.png", "c.png");
        Assert.All(view.GetColumn<byte[]>("Label"), labels => Assert.Equal([1, 16], labels));
    }

    [Theory]
    [InlineData(1, new[] { 0, 1, 1 }, new byte[] { 1, 2, 2 })]
    [InlineData(2, new[] { 0, 3, 1 }, new byte[] { 1, 4, 2 })]
    [InlineData(4, new[] { 0, 15, 1 }, new byte[] { 1, 16, 2 })]
    [InlineData(8, new[] { 0, 7, 255 }, new byte[] { 1, 8, 0 })] // 7 is not the class of grey 128, and 128 would be none
    public void Values_of_grey_masks_are_classes(int bitDepth, int[] samples, byte[] expected) =>
        Assert.Equal(expected, Read(PngFile.OneRow(Grey, bitDepth, samples)));

    [Fact]
    public void A_grey_level_is_no_color_of_a_class() =>
        Assert.Contains("has the class 128", Refuse(PngFile.OneRow(Grey, 8, [0, 128]))); // (128, 128, 128) is VOC's class 7

    [Fact]
    public void Transparency_does_not_matter_where_values_are_classes()
    {
        Assert.Equal([1, 2], Read(PngFile.OneRow(Indexed, 8, [0, 1], [Background, Aeroplane], [0, 128])));
        Assert.Equal([1, 2], Read(PngFile.OneRow(Grey, 8, [0, 1], transparency: [0, 1])));
    }

    [Fact]
    public void Transparent_colors_are_refused_where_colors_are_classes()
    {
        Assert.Contains("pixel (x = 1, y = 0) is transparent (alpha 7)", Refuse(PngFile.OneRow(Indexed, 8, [0, 1], [Background, Person], [255, 7])));
        Assert.Contains("pixel (x = 1, y = 0) is transparent (alpha 0)", Refuse(PngFile.OneRow(Rgb, 8, [0, 0, 0, 128, 0, 0], transparency: [0, 128, 0, 0, 0, 0])));
        Assert.Equal([1, 2], Read(PngFile.OneRow(Rgb, 8, [0, 0, 0, 128, 0, 0], transparency: [0, 129, 0, 0, 0, 0])));
        Assert.Equal([1, 16], Read(PngFile.OneRow(Indexed, 8, [0, 1], [Background, Person, Bicycle], [255, 255, 0])));
        Assert.Contains("pixel (x = 0, y = 0) is transparent", Refuse(PngFile.OneRow(Grey, 8, [255, 0], transparency: [0, 255]), 2, ClassPalette.Binary));
    }

    public static TheoryData<byte[]> BlackAndWhite =>
    [
        PngFile.OneRow(Grey, 8, [0, 255, 255]),
        PngFile.OneRow(Grey, 8, [0, 1, 1]),
        PngFile.OneRow(Grey, 1, [0, 1, 1]),
        PngFile.OneRow(Grey, 2, [0, 3, 3]),
        PngFile.OneRow(Grey, 4, [0, 15, 15]),
        PngFile.OneRow(Rgb, 8, [0, 0, 0, 255, 255, 255, 255, 255, 255]),
        PngFile.OneRow(6, 8, [0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255]),
        PngFile.OneRow(Indexed, 1, [0, 1, 1], [Black, White]),
        PngFile.OneRow(Indexed, 1, [1, 0, 0], [White, Black]),
        PngFile.OneRow(Indexed, 8, [0, 255, 255], [.. Enumerable.Range(0, 256).Select(i => (i, i, i))]),
        PngFile.OneRow(Indexed, 8, [0, 1, 1], [Background, Aeroplane]),
    ];

    [Theory]
    [MemberData(nameof(BlackAndWhite))]
    public void With_the_binary_palette_black_is_class_0_and_white_class_1(byte[] file) =>
        Assert.Equal([1, 2, 2], Read(file, 2, ClassPalette.Binary));

    [Fact]
    public void The_binary_palette_refuses_what_is_not_black_and_white()
    {
        Assert.Contains("level 255 has the color (255, 255, 255) of class 1 'class 1', and its level 1 has (1, 1, 1)", Refuse(PngFile.OneRow(Grey, 8, [0, 1, 255]), 2, ClassPalette.Binary));
        Assert.Contains("level 254", Refuse(PngFile.OneRow(Grey, 8, [0, 254, 255]), 2, ClassPalette.Binary));
        Assert.Contains("has the class 254", Refuse(PngFile.OneRow(Grey, 8, [0, 254]), 2, ClassPalette.Binary));
        Assert.Contains("has the color (254, 254, 254)", Refuse(PngFile.OneRow(Rgb, 8, [0, 0, 0, 254, 254, 254]), 2, ClassPalette.Binary));
        Assert.Contains("2 colors for 3 classes", Assert.Throws<ArgumentException>(() => Load(["a", "b", "c"], ClassPalette.Binary)).Message);
    }

    [Fact]
    public void The_binary_palette_is_saved_with_the_transformer()
    {
        _folder.Write("mask.png", PngFile.OneRow(Grey, 8, [0, 255]));
        IDataView rows = Rows("mask.png");
        ITransformer loader = _mlContext.Segmentation().Transforms.LoadMasks("Label", _folder.Root, "MaskPath", ["a", "b"], ClassPalette.Binary).Fit(rows);
        _mlContext.Model.Save(loader, rows.Schema, _folder.At("model.zip"));
        Assert.Equal([1, 2], new MLContext().Model.Load(_folder.At("model.zip"), out _).Transform(rows).GetColumn<byte[]>("Label").Single());
    }

    // Key values: void is 0, class k is k + 1.
    private byte[] Read(byte[] file, int classCount = 21, ClassPalette? palette = null)
    {
        _folder.Write("mask.png", file);
        string[] names = classCount == 21 ? [.. VocFolder.VocClassNames] : [.. Enumerable.Range(0, classCount).Select(k => $"class {k}")];
        // A lazy cursor, since ML.NET's own wraps exceptions of other threads.
        IDataView view = Load(names, palette, "mask.png");
        using DataViewRowCursor cursor = view.GetLazyCursor([view.Schema["Label"]]);
        cursor.MoveNext();
        VBuffer<byte> labels = default;
        cursor.GetGetter<VBuffer<byte>>(view.Schema["Label"])(ref labels);
        return labels.GetValues().ToArray();
    }

    private string Refuse(byte[] file, int classCount = 21, ClassPalette? palette = null) =>
        Assert.Throws<InvalidDataException>(() => Read(file, classCount, palette)).Message;

    private IDataView Load(string[] names, ClassPalette? palette, params string[] files)
    {
        IDataView rows = Rows(files);
        return _mlContext.Segmentation().Transforms.LoadMasks("Label", _folder.Root, "MaskPath", names, palette).Fit(rows).Transform(rows);
    }

    private IDataView Rows(params string[] files) => _mlContext.Data.LoadFromEnumerable(files.Select(file => new Row { MaskPath = file }));

    private sealed class Row
    {
        public string MaskPath { get; set; } = "";
    }
}
