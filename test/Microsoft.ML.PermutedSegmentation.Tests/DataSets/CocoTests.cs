using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>COCO's JSON files.</summary>
public sealed class CocoTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    public CocoTests() => _folder.Image("images/a.jpg", 4, 4);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Smaller_objects_are_on_top_and_categories_go_by_their_ids()
    {
        Write(
            Annotation(1, 9, "[[1,1,3,1,3,3,1,3]]"),
            // Two parts of one object, one of them half outside.
            Annotation(2, 3, "[[0,0,4,0,4,2,0,2],[3,3,400,3,400,400,3,400]]"),
            // A crowd: column 0, and the last pixel of column 3.
            Annotation(3, 3, """{"size": [4, 4], "counts": [0, 4, 11, 1]}""", crowd: 1));
        using (SegmentationData data = _folder.Open())
        {
            Assert.Equal(SegmentationLayout.Coco, data.Layout);
            Assert.Equal(["background", "road", "car"], data.ClassNames);
        }
        Assert.Equal("1111\n1221\n1220\n1001", _folder.Masks()["a"]);
        Assert.Empty(_folder.Warnings);
    }

    [Fact]
    public void Compressed_run_lengths_are_read()
    {
        // 5 outside, 2 inside, 9 outside: rows 1 and 2 of column 1.
        Write(Annotation(1, 9, """{"size": [4, 4], "counts": "529"}"""));
        Assert.Equal("0000\n0200\n0200\n0000", _folder.Masks()["a"]);
    }

    [Theory]
    [InlineData("""{"size": [4, 4], "counts": [5, 2, 8]}""", "add up to 15 of 16")]
    [InlineData("""{"size": [4, 4], "counts": [5, 2, 10]}""", "more than the 16")]
    [InlineData("""{"size": [4, 4], "counts": [5, -2, 13]}""", "negative")]
    [InlineData("""{"size": [4, 4], "counts": [5.5, 2, 8.5]}""", "5.5 is not a whole number")]
    [InlineData("""{"size": [4, 4], "counts": "52"}""", "add up to 7 of 16")]
    [InlineData("""{"size": [2, 8], "counts": [16]}""", "its size is [2, 8]")]
    [InlineData("[]", "no segmentation")]
    [InlineData("[[0,0,1,1,2]]", "5 coordinates")]
    [InlineData("[0,0,1,1,2,2]", "there should be an array of numbers instead of 0")]
    public void A_segmentation_that_is_not_right_is_refused_with_file_line_and_annotation(string segmentation, string reason)
    {
        string file = Write(Annotation(1, 9, "[[1,1,3,1,3,3,1,3]]"), Annotation(17, 9, segmentation));
        string message = _folder.Fail("all");
        Assert.Contains($"'{file}', line 5: annotation 17 of image 1: ", message);
        Assert.Contains(reason, message);
    }

    [Fact]
    public void A_polygon_of_two_points_is_skipped_with_a_warning()
    {
        string file = Write(Annotation(1, 9, "[[0,0,4,4],[0,0,4,0,4,1,0,1]]"));
        Assert.Equal("2222\n0000\n0000\n0000", _folder.Masks()["a"]);
        string warning = Assert.Single(_folder.Warnings);
        Assert.Contains(file, warning);
        Assert.Contains("polygon 1 of annotation 1 of image 1 has 2 points", warning);
    }

    [Fact]
    public void A_category_that_is_not_listed_is_refused()
    {
        Write(Annotation(4, 5, "[[1,1,3,1,3,3,1,3]]"));
        Assert.Contains("annotation 4 of image 1: there is no category 5", _folder.Fail("all"));
    }

    [Theory]
    [InlineData("""{"images": [""" + "\n" + """{"id": 1, "file_name": "a.jpg", "height": 4, "width": 4}""" + "\n" + """{"id": 2}], "annotations": [], "categories": []}""", 3)]
    [InlineData("""{"images": [{"id": 1, "file_name": "a.jpg", "height": 4, "width": 4}],""" + "\n" + """ "annotations": [{"image_id": 1,""" + "\n", 3)]
    [InlineData("""{"images": [""" + "\n" + """{"id": "1", "file_name": "a.jpg", "height": 4, "width": 4}], "annotations": [], "categories": []}""", 2)]
    [InlineData("""{"images": [],""" + "\n\n" + """ "annotations": [{}], "categories": []}""", 3)]
    [InlineData("""[""", 1)]
    public void Broken_JSON_is_told_with_its_line(string text, int line)
    {
        string file = _folder.Text("annotations/instances_default.json", text);
        Assert.Contains($"'{file}', line {line}:", Assert.Throws<InvalidDataException>(() => _folder.Open()).Message);
    }

    [Fact]
    public void Images_must_be_there_in_the_stated_size_and_within_the_data_set()
    {
        Write(Annotation(1, 9, "[[1,1,3,1,3,3,1,3]]"));
        _folder.Image("images/a.jpg", 5, 4);
        Assert.Contains("should have 4 x 4 pixels, but the file has 5 x 4", _folder.Fail("all"));
        File.Move(_folder.At("images", "a.jpg"), _folder.Outside("a.jpg"));
        Assert.Contains("there is no image 'a.jpg' (id 1)", Assert.Throws<FileNotFoundException>(() => _folder.Masks()).Message);
        WriteFile("../a.jpg", "annotations.json", Annotation(1, 9, "[[1,1,3,1,3,3,1,3]]"));
        Assert.Throws<FileNotFoundException>(() => _folder.Masks());
    }

    [Fact]
    public void Each_list_has_a_file_and_instances_come_before_panoptic()
    {
        WriteFile("a.jpg", "annotations/instances_train2017.json", Annotation(1, 9, "[[1,1,3,1,3,3,1,3]]"));
        WriteFile("a.jpg", "annotations/panoptic_train2017.json");
        WriteFile("a.jpg", "annotations/captions_train2017.json");
        _folder.Image("val2017/b.jpg", 4, 4);
        WriteFile("b.jpg", "annotations/instances_val2017.json", Annotation(1, 3, "[[1,1,3,1,3,3,1,3]]"));
        using SegmentationData data = _folder.Open();
        Assert.Equal(("train2017", "val2017"), (data.TrainingList, data.ValidationList));
        Assert.Equal(["b"], _folder.Names("val2017"));
    }

    [Fact]
    public void A_file_in_the_folder_of_each_split_is_read_as_Roboflow_writes_it()
    {
        foreach (string split in (string[])["train", "valid"])
        {
            _folder.Image($"{split}/x.jpg", 4, 4);
            WriteFile("x.jpg", $"{split}/_annotations.coco.json", Annotation(1, 9, "[[1,1,3,1,3,3,1,3]]"));
        }
        using SegmentationData data = _folder.Open();
        Assert.Equal(("train", "valid"), (data.TrainingList, data.ValidationList));
        Assert.Equal([_folder.At("valid", "x.jpg")], data.Entries("valid", false).Select(entry => entry.ImagePath));
    }

    [Fact]
    public void Panoptic_segments_have_the_classes_of_their_categories_and_the_rest_is_void()
    {
        _folder.Image("images/a.png", 4, 1);
        // Segments 7, 7, 256 + 7 and 0.
        _folder.File("annotations/panoptic_val/a.png", PngFile.OneRow(2, 8, [7, 0, 0, 7, 0, 0, 7, 1, 0, 0, 0, 0]));
        string Json(int second) => $$"""
            {"images": [{"id": 1, "file_name": "a.png", "height": 1, "width": 4}],
            "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": [{"id": 7, "category_id": 9}, {"id": {{second}}, "category_id": 3}]}],
            "categories": [{"id": 9, "name": "car"}, {"id": 3, "name": "road"}]}
            """;
        _folder.Text("annotations/panoptic_val.json", Json(263));
        using (SegmentationData data = _folder.Open())
            Assert.Equal(["road", "car"], data.ClassNames);
        Assert.Equal("110.", _folder.Masks("val", _folder.Outside("kept"))["a"]);
        _folder.File("annotations/panoptic_val/a.png", PngFile.OneRow(2, 8, [0, 0, 0, 7, 0, 0, 7, 1, 0, 7, 1, 0]));
        Assert.Equal(".100", _folder.Masks("val", _folder.Outside("kept"))["a"]);
        _folder.File("annotations/panoptic_val/a.png", PngFile.OneRow(2, 8, [7, 0, 0, 7, 0, 0, 7, 1, 0, 0, 0, 0]));
        string file = _folder.Text("annotations/panoptic_val.json", Json(264));
        string message = _folder.Fail("val");
        Assert.Contains("pixel (x = 2, y = 0) belongs to segment 263", message);
        Assert.Contains(file, message);
    }

    private static string Annotation(int id, int category, string segmentation, int crowd = 0) =>
        $$"""{"id": {{id}}, "image_id": 1, "category_id": {{category}}, "iscrowd": {{crowd}}, "segmentation": {{segmentation}}}""";

    private string Write(params string[] annotations) => WriteFile("a.jpg", "annotations.json", annotations);

    // Each annotation on a line of its own, the first on the fourth.
    private string WriteFile(string image, string file, params string[] annotations) => _folder.Text(file, $$"""
        {"images": [{"id": 1, "file_name": "{{image}}", "height": 4, "width": 4}],
        "categories": [{"id": 9, "name": "car"}, {"id": 3, "name": "road"}],
        "annotations": [
        {{string.Join(",\n", annotations)}}
        ]}
        """);
}
