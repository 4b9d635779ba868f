using Microsoft.ML.Data;
using SkiaSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class VocFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new();

    public VocFolderTests()
    {
        _folder.WriteImage("JPEGImages/a.jpg", 8, 6);
        _folder.WriteImage("JPEGImages/b.png", 4, 4, SKEncodedImageFormat.Png);
        _folder.WriteMask("SegmentationClass/a.png", new byte[48], 8, 6);
        _folder.WriteMask("SegmentationClass/b.png", new byte[16], 4, 4);
        _folder.WriteText("ImageSets/Segmentation/train.txt", "a\r\n\n  b \n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lists_the_files_of_a_set_in_order()
    {
        var rows = Load("train");
        Assert.Equal(
            [
                ("a", _folder.At("JPEGImages", "a.jpg"), _folder.At("SegmentationClass", "a.png")),
                ("b", _folder.At("JPEGImages", "b.png"), _folder.At("SegmentationClass", "b.png")),
            ], rows);
    }

    [Fact]
    public void Paths_are_absolute_though_the_folder_is_given_relative()
    {
        var folder = VocFolder.Open(Path.GetRelativePath(Environment.CurrentDirectory, _folder.Root));
        Assert.Equal(_folder.At("JPEGImages"), folder.ImageFolder);
        Assert.Equal(_folder.At("SegmentationClass"), folder.MaskFolder);
    }

    [Fact]
    public void A_test_set_needs_no_masks()
    {
        Directory.Delete(_folder.At("SegmentationClass"), recursive: true);
        Assert.Equal(["", ""], Load("train", masks: false).Select(row => row.MaskPath));
        Assert.Contains("SegmentationClass", Assert.Throws<DirectoryNotFoundException>(() => Load("train")).Message);
    }

    [Fact]
    public void Class_names_come_from_the_file_given_or_the_folder_or_voc()
    {
        Assert.Equal(21, Open().ClassNames.Count);
        Assert.Equal("background", Open().ClassNames[0]);
        Assert.Equal("tvmonitor", Open().ClassNames[20]);
        _folder.WriteText("classes.txt", "road\r\n car \n\n");
        Assert.Equal(["road", "car"], Open().ClassNames);
        string other = _folder.WriteText("other.txt", "x\ny\nz");
        Assert.Equal(["x", "y", "z"], VocFolder.Open(_folder.Root, other).ClassNames);
    }

    [Theory]
    [InlineData("road\n\ncar", "class 1 is empty")]
    [InlineData("road\ncar\nroad", "Classes 0 and 2")]
    [InlineData("road", "1 class names")]
    public void Refuses_class_names_that_are_not_a_list(string text, string reason)
    {
        string path = _folder.WriteText("classes.txt", text);
        var exception = Assert.Throws<InvalidDataException>(Open);
        Assert.Contains(path, exception.Message);
        Assert.Contains(reason, exception.Message);
    }

    [Fact]
    public void Says_which_folder_or_list_is_missing()
    {
        string none = _folder.At("none");
        Assert.Contains(none, Assert.Throws<DirectoryNotFoundException>(() => VocFolder.Open(none)).Message);
        Assert.Contains("none.txt", Assert.Throws<FileNotFoundException>(() => VocFolder.Open(_folder.Root, _folder.At("none.txt"))).Message);
        Assert.Contains("test.txt", Assert.Throws<FileNotFoundException>(() => Load("test")).Message);
        Directory.Move(_folder.At("JPEGImages"), none);
        Assert.Contains("JPEGImages", Assert.Throws<DirectoryNotFoundException>(Open).Message);
        Directory.Move(none, _folder.At("JPEGImages"));
        Directory.Delete(_folder.At("ImageSets"), recursive: true);
        Assert.Contains("ImageSets", Assert.Throws<DirectoryNotFoundException>(Open).Message);
    }

    [Fact]
    public void Refuses_an_empty_list()
    {
        string list = _folder.WriteText("ImageSets/Segmentation/train.txt", "\n  \n");
        Assert.Contains(list, Assert.Throws<InvalidDataException>(() => Load("train")).Message);
    }

    [Theory]
    [InlineData("JPEGImages", "a.jpg", 1)]
    [InlineData("SegmentationClass", "b.png", 3)]
    public void Names_the_line_and_the_path_of_a_missing_file(string folder, string file, int line)
    {
        File.Delete(_folder.At(folder, file));
        var exception = Assert.Throws<FileNotFoundException>(() => Load("train"));
        Assert.Contains($"train.txt', line {line}:", exception.Message);
        Assert.Contains(_folder.At(folder, file), exception.Message);
        Assert.Equal(_folder.At(folder, file), exception.FileName);
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("x/../../a")]
    [InlineData("..\\a")]
    [InlineData("/etc/a")]
    [InlineData("\\a")]
    public void Refuses_names_that_leave_the_folder(string name)
    {
        _folder.WriteText("ImageSets/Segmentation/train.txt", "a\n" + name);
        var exception = Assert.Throws<InvalidDataException>(() => Load("train"));
        Assert.Contains("line 2", exception.Message);
        Assert.Contains(name, exception.Message);
        Assert.Throws<ArgumentException>(() => Load(name));
    }

    [Theory]
    [InlineData("JPEGImages/a.jpg")]
    [InlineData("JPEGImages/b.png")]
    [InlineData("SegmentationClass/a.png")]
    public void Refuses_a_truncated_file(string file)
    {
        _folder.Write(file, File.ReadAllBytes(_folder.At(file))[..^5]);
        var exception = Assert.Throws<InvalidDataException>(() => Load("train"));
        Assert.Contains(_folder.At(file), exception.Message);
        Assert.Contains("truncated", exception.Message);
    }

    [Fact]
    public void Refuses_a_mask_of_another_size_than_its_image()
    {
        string mask = _folder.WriteMask("SegmentationClass/a.png", new byte[48], 6, 8);
        var exception = Assert.Throws<InvalidDataException>(() => Load("train"));
        Assert.Contains($"'{mask}' has 6 x 8 pixels", exception.Message);
        Assert.Contains($"'{_folder.At("JPEGImages", "a.jpg")}' 8 x 6", exception.Message);
    }

    private VocFolder Open() => VocFolder.Open(_folder.Root);

    private List<(string Name, string ImagePath, string MaskPath)> Load(string list, bool masks = true)
    {
        var view = Open().Load(_mlContext, list, masks);
        return [.. view.GetColumn<string>("Name").Zip(view.GetColumn<string>("ImagePath"), view.GetColumn<string>("MaskPath"))];
    }
}
