using Microsoft.ML.Data;
using SkiaSharp;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Columns of images: how they are loaded, saved with a pipeline, and what is said of a row that has none.</summary>
public sealed class ImageFileLoadingTests : IDisposable
{
    private const int Height = 16, Width = 24;

    private readonly MLContext _mlContext = new();
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ImageOrientation.Upright, Width, Height)]
    [InlineData(ImageOrientation.AsStored, Height, Width)]
    public void A_saved_pipeline_reads_as_it_did(ImageOrientation orientation, int height, int width)
    {
        Turned("turned.jpg");
        IDataView files = Files("turned.jpg");
        var pipeline = _mlContext.Segmentation().Transforms.LoadImages("Image", _folder.Root, "ImagePath", orientation).Fit(files);
        string saved = _folder.At("pipeline.zip");
        _mlContext.Model.Save(pipeline, files.Schema, saved);
        ITransformer loaded = new MLContext().Model.Load(saved, out _);
        using MLImage image = loaded.Transform(files).GetColumn<MLImage>("Image").Single();
        Assert.Equal((height, width), (image.Height, image.Width));
        Assert.Equal((orientation, _folder.Root), (pipeline.Orientation, pipeline.ImageFolder));
    }

    [Fact]
    public void An_image_that_ML_NET_loaded_turned_and_then_changed_is_refused()
    {
        string path = Turned("turned.jpg");
        _folder.WriteImage("plain.jpg", Width, Height);
        var resizing = _mlContext.Transforms.LoadImages("Image", _folder.Root, "ImagePath").Append(_mlContext.Transforms.ResizeImages("Image", 8, 8));
        string message = Assert.Throws<InvalidDataException>(() => Read(resizing, "turned.jpg")).Message;
        Assert.Contains(path, message);
        Assert.Contains("orientation 6", message);
        Assert.Equal((8, 8), Read(resizing, "plain.jpg"));
        // This library's loading has turned it before.
        var own = _mlContext.Segmentation().Transforms.LoadImages("Image", _folder.Root, "ImagePath").Append(_mlContext.Transforms.ResizeImages("Image", 8, 8));
        Assert.Equal((8, 8), Read(own, "turned.jpg"));
    }

    [Fact]
    public void A_row_is_told_by_its_file()
    {
        string path = _folder.Write("broken.png", [.. File.ReadAllBytes(_folder.WriteImage("whole.png", Width, Height, SKEncodedImageFormat.Png))[..^30]]);
        var ofMLNet = _mlContext.Transforms.LoadImages("Image", null, "ImagePath");
        Assert.Contains($"'{path}'", Assert.Throws<InvalidDataException>(() => Read(ofMLNet, path)).Message);
        var own = _mlContext.Segmentation().Transforms.LoadImages("Image", null, "ImagePath");
        Assert.Contains($"'{path}'", Assert.Throws<InvalidDataException>(() => Read(own, path)).Message);
        Assert.Contains("ImagePath", Assert.Throws<InvalidDataException>(() => Read(own, "")).Message);
    }

    [Fact]
    public void A_row_that_cannot_be_decoded_is_not_told_by_the_file_before_it()
    {
        string whole = _folder.WriteImage("whole.png", Width, Height, SKEncodedImageFormat.Png);
        string broken = _folder.WriteText("broken.png", "not an image");
        IDataView view = _mlContext.Data.LoadFromEnumerable(new LazyRow[] { new() { File = whole }, new() { File = broken } });
        ImageColumn column = ImageColumn.Find(view.Schema, "Image");
        using DataViewRowCursor cursor = view.GetRowCursor(column.Columns);
        using ImageColumn.Reader reader = column.CreateReader(cursor);
        Assert.True(cursor.MoveNext());
        Assert.Equal(Width, reader.Read().Width);
        Assert.True(cursor.MoveNext());
        Assert.DoesNotContain("whole.png", Assert.Throws<InvalidDataException>(() => reader.Read()).Message);
    }

    [Fact]
    public void Images_from_memory_keep_the_colors_of_transparent_pixels_or_are_refused()
    {
        byte[] straight = [200, 100, 50, 128, 255, 255, 255, 0, 200, 100, 50, 255, 200, 100, 50, 1];
        Assert.Equal([200, 100, 50, 255, 255, 255, 200, 100, 50, 200, 100, 50], Colors(straight));
        byte[] multiplied = [100, 50, 25, 128, 0, 0, 0, 0, 200, 100, 50, 255, 1, 0, 0, 1];
        Assert.Contains("transparent", Assert.Throws<InvalidDataException>(() => Colors(multiplied)).Message);

        byte[] Colors(byte[] pixels)
        {
            IDataView view = _mlContext.Data.LoadFromEnumerable([new PixelRow { Image = MLImage.CreateFromPixels(4, 1, MLPixelFormat.Rgba32, pixels) }]);
            ImageColumn column = ImageColumn.Find(view.Schema, "Image");
            using DataViewRowCursor cursor = view.GetRowCursor(column.Columns);
            using ImageColumn.Reader reader = column.CreateReader(cursor);
            cursor.MoveNext();
            return RgbPixels.From(reader.Read());
        }
    }

    [Fact]
    public void A_cache_that_dropped_the_images_is_named()
    {
        _folder.WriteImage("plain.jpg", Width, Height);
        IDataView cached = _mlContext.Data.Cache(_mlContext.Transforms.LoadImages("Image", _folder.Root, "ImagePath").Fit(Files("plain.jpg")).Transform(Files("plain.jpg")));
        Assert.Contains("cache", Assert.Throws<ArgumentOutOfRangeException>(() => ImageColumn.Find(cached.Schema, "Image")).Message);
    }

    // A JPEG of 24 x 16 pixels (width x height) as stored that is shown as 16 x 24.
    private string Turned(string name)
    {
        byte[] file = File.ReadAllBytes(_folder.WriteImage(name, Width, Height));
        byte[] exif = [.. "Exif\0\0"u8, .. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
        return _folder.Write(name, [.. file[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. file[2..]]);
    }

    private (int, int) Read(IEstimator<ITransformer> loading, string path)
    {
        IDataView files = Files(path);
        IDataView view = loading.Fit(files).Transform(files);
        ImageColumn column = ImageColumn.Find(view.Schema, "Image");
        using DataViewRowCursor cursor = view.GetRowCursor(column.Columns);
        using ImageColumn.Reader reader = column.CreateReader(cursor);
        Assert.True(cursor.MoveNext());
        MLImage image = reader.Read();
        return (image.Height, image.Width);
    }

    private IDataView Files(string path) => _mlContext.Data.LoadFromEnumerable([new FileRow { ImagePath = path }]);

    private sealed class FileRow
    {
        public string ImagePath { get; set; } = "";
    }

    // Images that are loaded when they are wanted, as an application may do.
    private sealed class LazyRow
    {
        [NoColumn]
        public string File { get; set; } = "";

        [Microsoft.ML.Transforms.Image.ImageType(Height, Width)]
        public MLImage Image
        {
            get
            {
                MLImage image = MLImage.CreateFromFile(File);
                image.Tag = File;
                return image;
            }
            set => throw new NotSupportedException();
        }
    }

    private sealed class PixelRow
    {
        [Microsoft.ML.Transforms.Image.ImageType(1, 4)]
        public MLImage Image { get; set; } = null!;
    }
}
