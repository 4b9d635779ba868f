using Microsoft.ML.Data;
using SkiaSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Names as they come from other systems. The tests run with InvariantGlobalization, where string.Normalize does nothing.</summary>
public sealed class VocFolderNamesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("p0", "p0.JPG", "p0.png")]
    [InlineData("p0", "p0.JpEg", "p0.PNG")]
    [InlineData("p0", "P0.png", "p0.Png")]
    [InlineData("p0.jpg", "p0.jpg", "p0.png")]
    [InlineData("p0.jpg", "p0.JPG", "p0.png")]
    [InlineData("p0.PNG", "p0.png", "p0.png")]
    [InlineData("a.b", "a.b.jpg", "a.b.png")]
    [InlineData("a.jpg", "a.jpg.png", "a.jpg.png")]
    [InlineData("S\u00FCd", "Su\u0308d.png", "Su\u0308d.png")]
    [InlineData("Su\u0308d", "S\u00FCd.png", "S\u00FCd.PNG")]
    [InlineData("Vi\u1EC7t", "Vie\u0302\u0323t.jpg", "Vie\u0323\u0302t.png")] // two marks, in either order
    [InlineData("\uD55C\uAE00", "\u1112\u1161\u11AB\u1100\u1173\u11AF.jpg", "\uD55C\uAE00.png")] // Hangul
    [InlineData("s\u00FCd", "Su\u0308d.jpg", "s\u00FCd.png")]
    public void A_name_finds_its_image_and_mask(string listed, string image, string mask)
    {
        Add(listed, image, mask);
        Assert.Equal((_folder.At("JPEGImages", image), _folder.At("SegmentationClass", mask)), Load("val").Select(row => (row.ImagePath, row.MaskPath)).Single());
    }

    [Theory]
    [InlineData("city\\p0")]
    [InlineData("city/p0")]
    [InlineData(".\\city\\p0.jpg")]
    [InlineData("City/p0")]
    public void Both_separators_lead_into_a_folder(string listed)
    {
        Add(listed, "city/p0.jpg", "city/p0.png");
        Assert.Equal(_folder.At("JPEGImages", "city", "p0.jpg"), Load("val").Single().ImagePath);
    }

    [Fact]
    public void Names_have_slashes_and_no_extension()
    {
        Add("city\\p0.jpg", "city/p0.jpg", "city/p0.png");
        Assert.Equal("city/p0", Load("val").Single().Name);
    }

    [Fact]
    public void A_file_of_exactly_the_name_comes_first()
    {
        Add("p0\nP0\nS\u00FCd", "p0.jpg", "p0.png");
        Add(null, "P0.jpg", "P0.png");
        Add(null, "S\u00FCd.jpg", "S\u00FCd.png");
        Add(null, "Su\u0308d.jpg", "Su\u0308d.png");
        Assert.Equal(["p0.jpg", "P0.jpg", "S\u00FCd.jpg"], Load("val").Select(row => Path.GetFileName(row.ImagePath)));
    }

    [Theory]
    [InlineData("p0.jpg", "p0.png")]
    [InlineData("P0.jpg", "p0.JPG")]
    public void A_name_that_fits_two_images_is_refused_and_one_with_its_extension_is_not(string first, string second)
    {
        Add("p0", first, "p0.png");
        Add(null, second, null);
        var exception = Assert.Throws<InvalidDataException>(() => Load("val"));
        Assert.Contains("val.txt', line 1: the name is ambiguous", exception.Message);
        Assert.Contains(_folder.At("JPEGImages", first), exception.Message);
        Assert.Contains(_folder.At("JPEGImages", second), exception.Message);
        Add(second, second, null);
        Assert.Equal(_folder.At("JPEGImages", second), Load("val").Single().ImagePath);
    }

    [Fact]
    public void Letters_with_other_marks_are_other_names()
    {
        Add("S\u00FCd", "Su\u0301d.png", "Su\u0301d.png");
        Assert.Contains("there is no image", Assert.Throws<FileNotFoundException>(() => Load("val")).Message);
    }

    [Fact]
    public void A_list_is_found_in_any_case_and_read_with_a_bom_and_windows_line_ends()
    {
        Add(null, "p0.jpg", "p0.png");
        _folder.Write("ImageSets/Segmentation/Val.TXT", [0xEF, 0xBB, 0xBF, .. "p0\r\n"u8]);
        Assert.Equal("p0", Load("val").Single().Name);
    }

    [Theory]
    [InlineData("city\\..\\..\\p0")]
    [InlineData("city/../../p0")]
    public void A_name_must_not_leave_the_folder(string listed)
    {
        Add(listed, "city/p0.jpg", "city/p0.png");
        Assert.Contains("outside", Assert.Throws<InvalidDataException>(() => Load("val")).Message);
    }

    [Fact]
    public void Ten_thousand_names_are_found_fast()
    {
        string[] names = [.. Enumerable.Range(0, 10_000).Select(i => $"Stra\u00DFe_{i:D5}_\u00E9")];
        Directory.CreateDirectory(_folder.At("many"));
        foreach (string name in names)
            File.WriteAllBytes(_folder.At("many", name.Replace("\u00E9", "e\u0301", StringComparison.Ordinal) + ".JPG"), []);
        var index = new FolderIndex(_folder.At("many"));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.All(names, name => Assert.Single(index.Find([name], ".jpg", ".jpeg", ".png")));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    private void Add(string? list, string image, string? mask)
    {
        _folder.WriteImage("JPEGImages/" + image, 4, 3, image.EndsWith(".png", StringComparison.OrdinalIgnoreCase) ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg);
        if (mask is not null)
            _folder.WriteMask("SegmentationClass/" + mask, new byte[12], 4, 3);
        if (list is not null)
            _folder.WriteText("ImageSets/Segmentation/val.txt", list);
        Directory.CreateDirectory(_folder.At("ImageSets", "Segmentation"));
    }

    private List<(string Name, string ImagePath, string MaskPath)> Load(string list)
    {
        IDataView view = VocFolder.Open(_folder.Root).Load(new MLContext(), list);
        return [.. view.GetColumn<string>("Name").Zip(view.GetColumn<string>("ImagePath"), view.GetColumn<string>("MaskPath"))];
    }
}
