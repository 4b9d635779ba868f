using Workbench.Prediction;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Where the console app's <c>predict</c> puts its masks, and what it does not overwrite.</summary>
public sealed class PredictOutputsTests : IDisposable
{
    private readonly CommandFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("images", "images")]
    [InlineData("images/a.png", "images")]
    [InlineData("images", "link")]
    [InlineData("link", "images")]
    [InlineData("images/../images", "images/./")]
    [InlineData("images", "out")] // Its folder of overlays is a link to the images.
    public void Predict_does_not_overwrite_an_image(string images, string output)
    {
        _folder.Write("images/a.png", "a");
        Directory.CreateSymbolicLink(_folder.At("link"), _folder.At("images"));
        Directory.CreateDirectory(_folder.At("out"));
        Directory.CreateSymbolicLink(_folder.At("out/overlays"), "../images");
        _folder.Refuses("a.png', which this command reads", $"predict --model model.zip --key key.pem --images {images} --out", output, "--overwrite");
        Assert.Equal("a", File.ReadAllText(_folder.At("images/a.png")));
        Assert.Equal(["a.png"], Directory.GetFileSystemEntries(_folder.At("images")).Select(Path.GetFileName));
    }

    [Fact]
    public void Predict_writes_nothing_among_its_images_and_no_file_unasked()
    {
        const string Predict = "predict --model model.zip --key key.pem";
        _folder.Write("images/a.jpg", "a");
        _folder.Write("masks/a.png", "mask of an earlier run");
        _folder.Refuses("among the files", $"{Predict} --images images --out", "images", "--overwrite");
        _folder.Refuses("among the files", "evaluate --model model.zip --key key.pem --data data --list val --json", "data/JPEGImages/new.json");
        _folder.Refuses("a.png' already exists", $"{Predict} --images images --out", "masks");
        _folder.Refuses("a.png' already exists", $"{Predict} --images images/a.jpg --out", "masks");
        _folder.Refuses("is a file", $"{Predict} --images images --out", "key.pem", "--overwrite");
        _folder.Write("masks/overlays/a.png", "-----BEGIN PERMUTATION KEY-----");
        _folder.Refuses("is a key file", $"{Predict} --images images --out", "masks", "--overwrite");
    }

    [Theory]
    [InlineData("photos/a.jpg")]
    [InlineData("link.jpg")]
    public void The_mask_of_one_image_replaces_nothing_beside_it(string image)
    {
        _folder.Write("photos/a.jpg", "a");
        _folder.Write("photos/a.png", "another photo");
        _folder.Write("photos/link.png", "another photo");
        File.CreateSymbolicLink(_folder.At("link.jpg"), "photos/a.jpg");
        string predict = $"predict --model model.zip --key key.pem --images {image} --out";
        _folder.Refuses("lies in the folder of the image", predict, "photos", "--overwrite");
        File.Delete(_folder.At("photos/a.png"));
        File.Delete(_folder.At("photos/link.png"));
        // Not refused: it is told that the image is none.
        Assert.Equal(1, _folder.Invoke(predict, "photos"));
    }

    [Fact]
    public void One_link_in_a_circle_among_the_images_does_not_end_predict()
    {
        _folder.Write("images/a.jpg", "no image");
        File.CreateSymbolicLink(_folder.At("images/circle.jpg"), "circle.jpg");
        Assert.Equal(1, _folder.Invoke("predict --model model.zip --key key.pem --images images --out", "masks"));
        ImagesFound found = ImagesFound.At(_folder.At("images"));
        Assert.Equal([_folder.At("images/a.jpg")], found.Images);
        Assert.Contains("circle.jpg' is a link that leads nowhere", Assert.Single(found.Problems));
    }

    [Fact]
    public void Masks_of_one_folder_have_different_names()
    {
        string[] images = ["a.jpg", "a.png", "a.jpg.jpg", "b.jpg", "C.JPG.png", "c.jpg", "d.png.png.png", "d.png.png", "d.png"];
        Assert.Equal(
            ["a.jpg.png", "a.png.png", "a.jpg.jpg.png", "b.png", "C.JPG.png.png", "c.png", "d.png.png.png.png", "d.png.png.png", "d.png"],
            PredictedFile.In("out", images).Select(file => Path.GetFileName(file.MaskPath)));
    }
}
