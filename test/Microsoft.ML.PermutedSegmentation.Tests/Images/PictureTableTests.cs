using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Goes through the table of docs/pictures.md with the files of make_pictures.py, whose expected pixels are Pillow's.</summary>
public sealed class PictureTableTests : IDisposable
{
    private static readonly Dictionary<string, Picture> Pictures = ReadResource("pictures.json", stream =>
        JsonDocument.Parse(stream).RootElement.EnumerateArray().Select(Picture.Of).ToDictionary(picture => picture.Name));

    private readonly TempFolder _folder = new();

    public static TheoryData<string, string[]> Rows { get; } = ReadTable();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_file_is_in_the_table_once() =>
        Assert.Equal(Pictures.Keys.Order(), Rows.SelectMany(row => (string[])row[1]).Order());

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_picture_comes_out_as_the_table_says(string result, string[] names)
    {
        Assert.NotEmpty(names);
        foreach (string name in names)
        {
            Picture picture = Pictures[name];
            Assert.Equal(result.StartsWith("refused", StringComparison.Ordinal), picture.Rgb is null);
            string path = _folder.Write(name, picture.File);
            if (picture.Rgb is null)
                Refuses(path);
            else
                Reads(path, picture);
        }
    }

    [Theory]
    [InlineData("orientation6.jpg")]
    [InlineData("orientation3.png")]
    public void A_picture_can_be_kept_as_stored(string name)
    {
        string path = _folder.Write(name, Pictures[name].File);
        using var upright = MLImage.CreateFromFile(path); // which turns nothing
        using MLImage kept = ImageFile.Load(path, ImageOrientation.AsStored);
        Assert.Equal((upright.Height, upright.Width), ImageFile.CheckWhole(path, ImageOrientation.AsStored));
        AssertNear(RgbPixels.From(upright), RgbPixels.From(kept), 0, name);
        AssertNear(RgbPixels.From(upright), FromView(Own(path, ImageOrientation.AsStored)).Rgb, 0, name);
    }

    private void Reads(string path, Picture picture)
    {
        int tolerance = path.EndsWith(".jpg", StringComparison.Ordinal) ? 2 : 0; // two libraries, two roundings
        Assert.Equal((picture.Height, picture.Width), ImageFile.CheckWhole(path));
        (byte[] rgba, int height, int width) = ImageFile.ReadRgba(path);
        Assert.Equal((picture.Height, picture.Width), (height, width));
        AssertNear(picture.Rgb!, [.. rgba.Where((_, i) => i % 4 != 3)], tolerance, path);
        Assert.All(rgba.Where((_, i) => i % 4 == 3), alpha => Assert.Equal(255, alpha));
        byte[] content = File.ReadAllBytes(path);
        Assert.Equal((picture.Height, picture.Width), ImageFile.CheckWhole(content, "upload"));
        using MLImage image = ImageFile.Load(content, "upload");
        Assert.Equal(rgba.Where((_, i) => i % 4 != 3), RgbPixels.From(image));
        foreach (IDataView view in (IDataView[])[Own(path, ImageOrientation.Upright), OfMLNet(path)])
        {
            (byte[] rgb, height, width) = FromView(view);
            Assert.Equal((picture.Height, picture.Width), (height, width));
            AssertNear(picture.Rgb!, rgb, tolerance, path);
        }
    }

    private void Refuses(string path)
    {
        // A header states what a decoder may find to be wrong.
        if (Record.Exception(() => ImageFile.CheckWhole(path)) is { } early)
            Assert.Contains(path, Assert.IsType<InvalidDataException>(early).Message);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => ImageFile.Load(path)).Message);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => ImageFile.ReadRgba(path)).Message);
        Assert.Contains("'upload'", Assert.Throws<InvalidDataException>(() => ImageFile.Load(File.ReadAllBytes(path), "upload")).Message);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => FromView(Own(path, ImageOrientation.Upright))).Message);
        if (!path.EndsWith("bitmap.png", StringComparison.Ordinal))
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => FromView(OfMLNet(path))).Message);
    }

    private static IDataView Own(string path, ImageOrientation orientation)
    {
        var mlContext = new MLContext();
        IDataView files = Files(mlContext, path);
        return mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath", orientation).Fit(files).Transform(files);
    }

    private static IDataView OfMLNet(string path)
    {
        var mlContext = new MLContext();
        IDataView files = Files(mlContext, path);
        return mlContext.Transforms.LoadImages("Image", null, "ImagePath").Fit(files).Transform(files);
    }

    private static IDataView Files(MLContext mlContext, string path) => mlContext.Data.LoadFromEnumerable([new FileRow { ImagePath = path }]);

    // As the trainers and models read the column.
    private static (byte[] Rgb, int Height, int Width) FromView(IDataView view)
    {
        ImageColumn column = ImageColumn.Find(view.Schema, "Image");
        using DataViewRowCursor cursor = view.GetRowCursor(column.Columns);
        using ImageColumn.Reader reader = column.CreateReader(cursor);
        Assert.True(cursor.MoveNext());
        MLImage image = reader.Read();
        return (RgbPixels.From(image), image.Height, image.Width);
    }

    private static void AssertNear(byte[] expected, byte[] actual, int tolerance, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{name}: byte {i} is {actual[i]} instead of {expected[i]}.");
    }

    private static TheoryData<string, string[]> ReadTable()
    {
        string[] lines = ReadResource("pictures.md", stream => new StreamReader(stream).ReadToEnd()).Split('\n');
        var rows = new TheoryData<string, string[]>();
        foreach (string line in lines.Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2))
        {
            string[] cells = Regex.Split(line.Trim(), " *\\| *");
            rows.Add(cells[2], cells[3].Split(' '));
        }
        return rows;
    }

    private static T ReadResource<T>(string name, Func<Stream, T> read)
    {
        using Stream stream = typeof(PictureTableTests).Assembly.GetManifestResourceStream(name)!;
        return read(stream);
    }

    private sealed record Picture(string Name, byte[] File, int Height, int Width, byte[]? Rgb)
    {
        public static Picture Of(JsonElement element)
        {
            string name = element.GetProperty("name").GetString()!;
            byte[] file = element.GetProperty("file").GetBytesFromBase64();
            return element.TryGetProperty("rgb", out JsonElement rgb)
                ? new Picture(name, file, element.GetProperty("height").GetInt32(), element.GetProperty("width").GetInt32(), rgb.GetBytesFromBase64())
                : new Picture(name, file, 0, 0, null);
        }
    }

    private sealed class FileRow
    {
        public string ImagePath { get; set; } = "";
    }
}
