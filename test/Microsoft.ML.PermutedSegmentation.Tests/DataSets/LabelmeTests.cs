using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>labelme's JSON files.</summary>
public sealed class LabelmeTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    public LabelmeTests() => _folder.Image("a.jpg", 4, 4);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shapes_are_painted_in_their_order()
    {
        Write(
            Shape("road", "polygon", "[0,0],[4,0],[4,2],[0,2]"),
            Shape("car", "rectangle", "[3,3],[1,1]"),
            Shape("__ignore__", "rectangle", "[0,0],[1,1]"),
            // Of the pixels around the corner (3, 3), whose centres are 0.71 away.
            Shape("_background_", "circle", "[3,3],[3,3.8]"));
        using (SegmentationData data = _folder.Open())
        {
            Assert.Equal(SegmentationLayout.Labelme, data.Layout);
            Assert.Equal(["_background_", "car", "road"], data.ClassNames);
        }
        Assert.Equal(".222\n2112\n0100\n0000", _folder.Masks()["a"]);
        Assert.Empty(_folder.Warnings);
    }

    [Fact]
    public void A_mask_of_an_AI_tool_lies_where_its_box_begins()
    {
        string png = Convert.ToBase64String(PngFile.OneRow(0, 8, [255, 0, 255]));
        Write(Shape("car", "mask", "[2,1],[4,1]", $", \"mask\": \"{png}\""));
        Assert.Equal("0000\n0010\n0000\n0000", _folder.Masks()["a"]);
    }

    [Fact]
    public void A_mask_larger_than_the_image_is_refused_before_it_is_decoded()
    {
        // Its header alone.
        byte[] png = PngFile.OneRow(0, 8, new int[5]);
        string file = Write(Shape("car", "mask", "[2,1],[4,1]", $", \"mask\": \"{Convert.ToBase64String(png[..40])}\""));
        string message = _folder.Fail("all");
        Assert.Contains("no larger than the image, 4 x 4; it has 1 channels and 5 x 1 pixels", message);
        Assert.Contains(file, message);
    }

    [Fact]
    public void The_image_data_in_a_file_is_passed_over_and_its_size_compared()
    {
        string image = Convert.ToBase64String(new byte[200_000]);
        _folder.Text("a.json", $$"""{"version": "5", "imageData": "{{image}}", "imagePath": "a.jpg", "imageHeight": 4, "imageWidth": 4, "shapes": [{{Shape("car", "rectangle", "[0,0],[4,1]")}}]}""");
        Assert.Equal("1111\n0000\n0000\n0000", _folder.Masks()["a"]);
        _folder.Text("a.json", $$"""{"imagePath": "a.jpg", "imageHeight": 4, "imageWidth": 5, "shapes": [{{Shape("car", "rectangle", "[0,0],[4,1]")}}]}""");
        Assert.Contains("imageWidth is 5, but the image has 4", _folder.Fail("all"));
    }

    [Fact]
    public void A_list_of_labels_gives_their_order_and_other_labels_are_refused()
    {
        _folder.Text("labels.txt", "__ignore__\n_background_\nroad\ncar\n");
        string file = Write(Shape("car", "rectangle", "[0,0],[4,1]"));
        Assert.Equal("2222\n0000\n0000\n0000", _folder.Masks()["a"]);
        file = Write(Shape("car", "rectangle", "[0,0],[4,1]"), Shape("caar", "rectangle", "[0,0],[1,1]"));
        string message = _folder.Fail("all");
        Assert.Contains($"'{file}', line 3: the label 'caar'", message);
    }

    [Theory]
    [InlineData("polygon", "[0,0],[4,4]", "shape 2 'car' (polygon) has 2 points")]
    [InlineData("polygon", "", "shape 2 'car' (polygon) has 0 points")]
    [InlineData("line", "[0,0],[4,4]", "shape 2 'car' (line) has no area")]
    [InlineData("point", "[0,0]", "shape 2 'car' (point) has no area")]
    public void What_has_no_area_is_skipped_with_a_warning(string type, string points, string warning)
    {
        string file = Write(Shape("road", "rectangle", "[0,0],[4,1]"), Shape("car", type, points));
        Assert.Equal("2222\n0000\n0000\n0000", _folder.Masks()["a"]);
        string text = Assert.Single(_folder.Warnings);
        Assert.Contains(file, text);
        Assert.Contains(warning, text);
    }

    [Theory]
    [InlineData("{\"label\": \"car\", \"points\": [[0,0],[1,\"x\"],[2,2]]}", "\"x\" is not a number")]
    [InlineData("{\"label\": \"car\", \"points\": [[0,0],[1,1e999],[2,2]]}", "1e999 is not a number")]
    [InlineData("{\"label\": \"car\", \"points\": [[0,0],[1],[2,2]]}", "has no x and y")]
    [InlineData("{\"label\": \"car\", \"points\": 3}", "'points' is 3; it should be an array")]
    [InlineData("{\"label\": \"\\ud800\", \"points\": []}", "")]
    [InlineData("{\"label\": \"car\"}", "'points' is missing")]
    [InlineData("{\"label\": \"car\", \"points\": [[0,0],[1,1]], \"shape_type\": \"ellipse\"}", "(ellipse) with 2 points is not read")]
    public void What_is_wrong_in_a_shape_is_refused_with_its_line(string shape, string reason)
    {
        string file = Write(Shape("car", "rectangle", "[0,0],[4,1]"), shape);
        string message = _folder.Fail("all");
        Assert.Contains($"'{file}', line 3:", message);
        Assert.Contains(reason, message);
    }

    [Theory]
    [InlineData("{\"shapes\": [],\n\"imagePath\" \"a.jpg\"}", 2)]
    [InlineData("{\"shapes\": [\n{\"label\": \"car\", \"points\": [[0,0],\n[1,1", 3)]
    public void Broken_JSON_is_told_with_its_line(string text, int line)
    {
        _folder.Image("b.jpg", 4, 4);
        _folder.Text("b.json", $$"""{"shapes": [{{Shape("car", "rectangle", "[0,0],[4,1]")}}]}""");
        string file = _folder.Text("a.json", text);
        Assert.Contains($"'{file}', line {line}:", _folder.Fail("all"));
        Assert.Empty(_folder.Warnings);
    }

    [Fact]
    public void Images_are_where_the_file_says_within_the_data_set_or_beside_it()
    {
        _folder.Image("photos/b.png", 4, 4);
        _folder.Text("labels/b.json", $$"""{"imagePath": "..\\photos\\b.png", "shapes": [{{Shape("car", "rectangle", "[0,0],[4,1]")}}]}""");
        _folder.Text("a.json", $$"""{"imagePath": "../../elsewhere.jpg", "shapes": [{{Shape("car", "rectangle", "[0,0],[1,1]")}}]}""");
        File.WriteAllBytes(_folder.Outside("elsewhere.jpg"), File.ReadAllBytes(_folder.At("a.jpg")));
        using SegmentationData data = _folder.Open();
        Assert.Equal([_folder.At("a.jpg"), _folder.At("photos", "b.png")], data.Entries("all", true).Select(entry => entry.ImagePath));
        File.Delete(_folder.At("a.jpg"));
        Assert.Contains("there is no image '../../elsewhere.jpg'", Assert.Throws<FileNotFoundException>(() => _folder.Masks()).Message);
    }

    [Fact]
    public void An_image_without_shapes_is_background_and_one_without_a_file_is_left_out()
    {
        Write(Shape("car", "rectangle", "[0,0],[4,1]"));
        _folder.Image("b.jpg", 1, 1);
        _folder.Text("b.json", """{"imagePath": "b.jpg", "shapes": []}""");
        _folder.Image("c.jpg", 1, 1);
        Assert.Equal("0", _folder.Masks()["b"]);
        Assert.Equal(["a", "b"], _folder.Names("all"));
        Assert.Contains(_folder.Warnings, text => text.Contains(_folder.At("c.jpg")));
    }

    private static string Shape(string label, string type, string points, string more = "") =>
        $$"""{"label": "{{label}}", "shape_type": "{{type}}", "points": [{{points}}]{{more}}}""";

    // Each shape on a line of its own, the first on the second.
    private string Write(params string[] shapes) => _folder.Text("a.json", $"{{\"imagePath\": \"a.jpg\", \"shapes\": [\n{string.Join(",\n", shapes)}\n]}}");
}
