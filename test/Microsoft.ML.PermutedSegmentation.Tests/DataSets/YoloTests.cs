using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>YOLO's polygons.</summary>
public sealed class YoloTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    public YoloTests()
    {
        _folder.Image("images/a.jpg", 4, 2);
        _folder.Text("data.yaml", "nc: 2\nnames: ['road', \"car\"]  # in order\n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Corners_are_shares_of_the_image_and_smaller_polygons_are_on_top()
    {
        _folder.Text("labels/a.txt", "1 0.5 0 1 0 1 0.5 0.5 0.5\r\n0 -0.1 0 1 0 1 1 -0.1 1\r\n");
        _folder.Image("images/b.jpg", 2, 1);
        using (SegmentationData data = _folder.Open())
        {
            Assert.Equal(SegmentationLayout.Yolo, data.Layout);
            Assert.Equal(["background", "road", "car"], data.ClassNames);
        }
        var masks = _folder.Masks();
        Assert.Equal("1122\n1111", masks["a"]);
        // No file, no object.
        Assert.Equal("00", masks["b"]);
    }

    [Fact]
    public void Labels_are_found_in_any_case_and_are_of_one_image()
    {
        _folder.Text("labels/A.txt", "1 0 0 1 0 1 1 0 1");
        Assert.Equal("2222\n2222", _folder.Masks()["a"]);
        _folder.Image("images/a.png", 4, 2);
        Assert.Contains("a.png' as well as to", _folder.Fail("all"));
        System.IO.File.Delete(_folder.At("images", "a.png"));
        if (!OperatingSystem.IsLinux())
            return;
        _folder.Text("labels/a.txt", "");
        Assert.Contains("has several files of labels", _folder.Fail("all"));
    }

    [Fact]
    public void A_polygon_beside_the_image_is_told()
    {
        string file = _folder.Text("labels/a.txt", "0 1.5 0 2 0 2 0.5\n1 0 0 1 0 1 1 0 1\n");
        Assert.Equal("2222\n2222", _folder.Masks()["a"]);
        Assert.Equal($"'{file}': the polygon of line 1 lies outside the image.", Assert.Single(_folder.Warnings));
    }

    [Fact]
    public void A_polygon_that_would_take_all_memory_is_refused_with_its_line()
    {
        _folder.Image("images/a.jpg", 1, 4000);
        string zigzag = string.Join(' ', Enumerable.Range(0, 10_000).Select(i => $"0.5 {i % 2}"));
        string file = _folder.Text("labels/a.txt", $"\n0 {zigzag}\n");
        string message = _folder.Fail("all");
        Assert.Contains($"'{file}', line 2", message);
        Assert.Contains("10,000 corners", message);
    }

    [Theory]
    [InlineData("names:\n  0: road\n  1: car\nnc: 2\n")]
    [InlineData("train: images\nnames:\n- road\n- 'car'\n\nnc: 2\n")]
    [InlineData("names: [road,\n  car]\n")]
    [InlineData("names: {1: car, 0: road}\n")]
    public void Names_are_lists_or_have_numbers(string yaml)
    {
        _folder.Text("data.yaml", yaml);
        _folder.Text("labels/a.txt", "");
        using SegmentationData data = _folder.Open();
        Assert.Equal(["background", "road", "car"], data.ClassNames);
    }

    [Theory]
    [InlineData("names:\n  0: road\n  2: car\n", "0, 2")]
    [InlineData("names:\n  0: road\n  car\n", "line 3: 'car' is not a number with a name")]
    [InlineData("names: [road, car\n", "no closing ]")]
    [InlineData("names: road\n", "brackets")]
    [InlineData("nc: 2\n", "no data.yaml or classes.txt")]
    public void Names_that_are_not_right_are_refused(string yaml, string reason)
    {
        _folder.Text("data.yaml", yaml);
        _folder.Text("labels/a.txt", "");
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => _folder.Open()).Message);
    }

    [Theory]
    [InlineData("2 0 0 1 0 1 1", "there is no class '2'; the classes are 0 to 1")]
    [InlineData("-1 0 0 1 0 1 1", "there is no class '-1'")]
    [InlineData("0 0.5 0.5 1 1", "a box, not a polygon")]
    [InlineData("0 0 0 1 0 1", "5 coordinates")]
    [InlineData("0 0 0 NaN 0 1 1", "'NaN' is not a share")]
    [InlineData("0 0 0 640 0 640 480", "'640' is not a share")]
    public void A_line_that_is_not_right_is_refused_with_file_and_line(string line, string reason)
    {
        string file = _folder.Text("labels/a.txt", "0 0 0 1 0 1 1\n" + line);
        string message = _folder.Fail("all");
        Assert.Contains($"'{file}', line 2:", message);
        Assert.Contains(reason, message);
    }

    [Fact]
    public void A_polygon_of_one_point_is_skipped_with_a_warning()
    {
        _folder.Text("labels/a.txt", "0 0 0 1 0 1 0.5 0 0.5\n1 0.5 0.5");
        Assert.Equal("1111\n0000", _folder.Masks()["a"]);
        Assert.Contains("the polygon of line 2 has 1 points", Assert.Single(_folder.Warnings));
    }

    [Theory]
    [InlineData("images/train/", "labels/train/", "images/val/", "labels/val/", "val")]
    [InlineData("train/images/", "train/labels/", "valid/images/", "valid/labels/", "valid")]
    public void Folders_are_lists(string trainImages, string trainLabels, string images, string labels, string validation)
    {
        File.Delete(_folder.At("images", "a.jpg"));
        if (validation == "valid")
            Directory.Delete(_folder.At("images"));
        _folder.Image(trainImages + "x.jpg", 2, 1);
        _folder.Text(trainLabels + "x.txt", "0 0 0 1 0 1 1 0 1");
        _folder.Image(images + "y.jpg", 2, 1);
        _folder.Text(labels + "y.txt", "1 0 0 1 0 1 1 0 1");
        _folder.Text(labels + "alone.txt", "");
        using SegmentationData data = _folder.Open();
        Assert.Equal(("train", validation), (data.TrainingList, data.ValidationList));
        Assert.Equal("22", _folder.Masks(validation).Values.Single());
        Assert.Contains(_folder.Warnings, text => text.Contains("alone.txt"));
    }
}
