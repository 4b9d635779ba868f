using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class DecodedImagesTests : IDisposable
{
    private const int Rows = 6;
    private const long SizeOfOne = 20 * 16 * 4; // three bytes of colour and one of mask for each pixel

    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new(seed: 1);

    public DecodedImagesTests()
    {
        for (int i = 0; i < Rows; i++)
        {
            _folder.WriteImage($"JPEGImages/{i}.png", 20, 16, SkiaSharp.SKEncodedImageFormat.Png);
            _folder.WriteMask($"SegmentationClass/{i}.png", [.. Enumerable.Repeat((byte)i, 20 * 16)], 20, 16);
        }
        _folder.WriteText("ImageSets/Segmentation/all.txt", string.Join('\n', Enumerable.Range(0, Rows)));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Within_the_budget_files_are_read_once()
    {
        DecodedImages images = Read(budget: Rows * SizeOfOne);
        Directory.Delete(_folder.At("JPEGImages"), recursive: true);
        Assert.Equal([3, 0, 5, 5], ClassesOf(images, [3, 0, 5, 5]));
        Assert.Equal(0, images.BudgetLeft);
    }

    [Fact]
    public void Images_are_hashed_only_for_a_digest_that_is_wanted()
    {
        DecodedImages images = Read(budget: 0);
        Assert.Empty(images.Digest);
        images.ReadAll(_ => { }, default, withDigest: true);
        Assert.Equal(32, images.Digest.Length);
    }

    [Fact]
    public void Beyond_the_budget_rows_are_read_again_and_no_others()
    {
        DecodedImages images = Read(budget: 2 * SizeOfOne);
        // Rows 0 and 1 are kept; row 3 is not asked for, so its file is not opened.
        File.Delete(_folder.At("JPEGImages", "0.png"));
        File.Delete(_folder.At("JPEGImages", "3.png"));
        // The places of rows 5, 2 and 4 are filled in the order of the data.
        Assert.Equal([2, 0, 4, 1, 5], ClassesOf(images, [5, 0, 2, 1, 4]));
        Assert.Throws<FileNotFoundException>(() => ClassesOf(images, [3]));
    }

    [Fact]
    public void Counts_the_pixels_of_each_class()
        => Assert.Equal([0, 320, 320, 320, 320, 320, 320], Read(budget: 0).Labels.Pixels.ToArray());

    [Fact]
    public void Cancelling_ends_the_reading()
        => Assert.Throws<OperationCanceledException>(() => Bind(0).ReadAll(_ => { }, new CancellationToken(canceled: true)));

    [Fact]
    public void An_image_that_is_none_is_named()
    {
        DecodedImages images = Bind(0);
        string path = _folder.WriteText("JPEGImages/4.png", "not an image");
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => images.ReadAll(_ => { }, default)).Message);
    }

    private DecodedImages Read(long budget)
    {
        DecodedImages images = Bind(budget);
        images.ReadAll(_ => { }, default);
        return images;
    }

    private DecodedImages Bind(long budget)
    {
        IDataView rows = VocFolder.Open(_folder.Root).Load(_mlContext, "all");
        var loading = _mlContext.Transforms.LoadImages("Image", null, "ImagePath")
            .Append(_mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", ["a", "b", "c", "d", "e", "f"]));
        return new DecodedImages(loading.Fit(rows).Transform(rows), "Image", "Label", budget);
    }

    private static int[] ClassesOf(DecodedImages images, int[] rows)
    {
        using RowPlaces places = images.Places(1, workers: 1);
        (int Row, LabeledImage Image)[] visited = [.. images.Visit(rows, places).Select(visit => (visit.Row, visit.Image is RowPlace place ? place.Keep(worker: 0) : (LabeledImage)visit.Image))];
        Assert.All(visited, visit => Assert.Equal(visit.Row + 1, visit.Image.Mask[7]));
        return [.. visited.Select(visit => visit.Image.Mask[0] - 1)];
    }
}
