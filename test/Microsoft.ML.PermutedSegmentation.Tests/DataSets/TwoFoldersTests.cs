using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A folder of images and a folder of masks.</summary>
public sealed class TwoFoldersTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Masks_are_found_by_name_with_usual_endings_and_in_other_unicode_forms()
    {
        foreach (string name in (string[])["a", "sub/b", "c_img", "Su\u0308d", "e"])
            _folder.Image($"images/{name}.jpg", 2, 1);
        foreach (string name in (string[])["a", "sub/b_mask", "c-label", "S\u00fcd", "e_mask"])
            _folder.Mask($"masks/{name}.png", 0, 1);
        using SegmentationData data = _folder.Open();
        Assert.Equal(SegmentationLayout.ImagesAndMasks, data.Layout);
        Assert.Contains("images in images and masks in masks, 2 classes, one list 'all', split into train and val by seed 1", data.Description);
        Assert.Equal(["Su\u0308d", "a", "c_img", "e", "sub/b"], _folder.Masks().Keys.Order(StringComparer.Ordinal));
        Assert.All(_folder.Masks().Values, mask => Assert.Equal("01", mask));
        Assert.Empty(_folder.Warnings);
    }

    [Fact]
    public void Many_tiny_files_are_read()
    {
        const int count = 5_000;
        byte[] image = PngFile.OneRow(2, 8, [0, 0, 0, 255, 255, 255]), mask = PngFile.OneRow(0, 8, [0, 1]);
        for (int i = 0; i < count; i++)
        {
            _folder.File($"images/{i}.png", image);
            _folder.File($"masks/{i}.png", mask);
        }
        string[] all = [.. _folder.Names("train"), .. _folder.Names("val")];
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"{i}").Order(StringComparer.Ordinal), all.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Black_and_white_masks_may_be_of_0_and_255_and_of_0_and_1()
    {
        string[] names = ["grey255", "grey1", "bits", "rgb", "black"];
        foreach (string name in names)
            _folder.Image($"images/{name}.jpg", 2, 1);
        _folder.Mask("masks/grey255.png", 0, 255);
        _folder.Mask("masks/grey1.png", 0, 1);
        _folder.File("masks/bits.png", PngFile.OneRow(0, 1, [0, 1]));
        _folder.File("masks/rgb.png", PngFile.OneRow(2, 8, [0, 0, 0, 255, 255, 255]));
        _folder.Mask("masks/black.png", 0, 0);
        using (SegmentationData data = _folder.Open())
            Assert.Equal(["background", "object"], data.ClassNames);
        Assert.Equal(["00", "01", "01", "01", "01"], _folder.Masks().Values.Order());
        _folder.Text("classes.txt", "wall\ncrack\n");
        Assert.Equal(["00", "01", "01", "01", "01"], _folder.Masks().Values.Order());
        using (SegmentationData data = _folder.Open())
            Assert.Equal(["wall", "crack"], data.ClassNames);
    }

    [Fact]
    public void Void_stays_void_where_a_mask_has_it_beside_class_1()
    {
        _folder.Image("images/a.jpg", 3, 1);
        _folder.Mask("masks/a.png", 0, 1, 255);
        _folder.Text("classes.txt", "wall\ncrack\n");
        Assert.Equal("01.", _folder.Masks()["a"]);
    }

    [Fact]
    public void Values_are_classes_if_they_have_no_gap()
    {
        _folder.Image("images/a.jpg", 4, 1);
        _folder.Mask("masks/a.png", 0, 2, 1, 255);
        using SegmentationData data = _folder.Open();
        Assert.Equal(["class 0", "class 1", "class 2"], data.ClassNames);
        Assert.Equal("021.", _folder.Masks()["a"]);
        _folder.Mask("masks/a.png", 0, 128, 38, 255);
        string message = Assert.Throws<InvalidDataException>(() => _folder.Open()).Message;
        Assert.Contains("0, 38, 128", message);
        Assert.Contains("classes.txt", message);
        _folder.Mask("masks/a.png", 0, 2, 2, 255);
        Assert.Contains("0, 2,", Assert.Throws<InvalidDataException>(() => _folder.Open()).Message);
    }

    [Fact]
    public void Colors_need_a_file_that_explains_them()
    {
        _folder.Image("images/a.jpg", 2, 1);
        string mask = _folder.File("masks/a.png", PngFile.OneRow(2, 8, [0, 0, 0, 48, 112, 32]));
        string message = Assert.Throws<InvalidDataException>(() => _folder.Open()).Message;
        Assert.Contains(mask, message);
        Assert.Contains("labelmap.txt", message);
        _folder.Text("labelmap.txt", "background:0,0,0::\ncat:48,112,32::\n");
        Assert.Equal("01", _folder.Masks()["a"]);
    }

    [Theory]
    [InlineData("images/train/", "masks/train/", "images/val/", "masks/val/", "train", "val")]
    [InlineData("train/images/", "train/masks/", "valid/images/", "valid/masks/", "train", "valid")]
    [InlineData("train/", "train_masks/", "val/", "val_masks/", "train", "val")]
    [InlineData("train/", "trainannot/", "val/", "valannot/", "train", "val")]
    public void Folders_are_lists(string trainImages, string trainMasks, string validationImages, string validationMasks, string train, string validation)
    {
        _folder.Image(trainImages + "a.jpg", 2, 1);
        _folder.Mask(trainMasks + "a.png", 0, 1);
        _folder.Image(validationImages + "b.jpg", 2, 1);
        _folder.Mask(validationMasks + "b.png", 1, 0);
        using SegmentationData data = _folder.Open();
        Assert.Equal((train, validation), (data.TrainingList, data.ValidationList));
        Assert.Equal([train, validation], data.Lists);
        Assert.Equal([$"{train}/a"], _folder.Names(train));
        Assert.Equal("10", _folder.Masks(validation).Values.Single());
    }

    // The lowest SHA-256 of "1/p0" to "1/p9", and of "2/p0" to "2/p9", computed with Python's hashlib.
    [Theory]
    [InlineData(1, "p3", "p5")]
    [InlineData(2, "p0", "p3")]
    public void Without_lists_the_seed_and_the_names_choose_the_validation_images(int seed, string first, string second)
    {
        for (int i = 0; i < 10; i++)
        {
            _folder.Image($"images/p{i}.jpg", 2, 1);
            _folder.Mask($"masks/p{i}.png", 0, 1);
        }
        Assert.Equal([first, second], _folder.Names("val", seed));
        Assert.Equal(10, _folder.Names("train", seed).Union([first, second]).Count());
        Assert.Equal(8, _folder.Names("train", seed).Length);
        Assert.Contains("'other'", Assert.Throws<ArgumentException>(() => _folder.Names("other")).Message);
    }

    [Fact]
    public void What_is_left_out_is_said_and_what_is_not_clear_is_refused()
    {
        _folder.Image("images/a.jpg", 2, 1);
        _folder.Image("images/without.jpg", 2, 1);
        _folder.Mask("masks/a.png", 0, 1);
        _folder.Mask("masks/alone.png", 0, 1);
        Assert.Equal(["a"], _folder.Masks().Keys);
        Assert.Contains(_folder.Warnings, text => text.Contains(_folder.At("images", "without.jpg")));
        Assert.Contains(_folder.Warnings, text => text.Contains(_folder.At("masks", "alone.png")));

        _folder.Image("masks/without.jpg", 2, 1);
        Assert.Contains("is not a PNG", _folder.Fail("all"));
        File.Delete(_folder.At("masks", "without.jpg"));
        _folder.Image("images/a.png", 2, 1);
        Assert.Contains("belongs to", _folder.Fail("all"));
    }

    [Fact]
    public void A_folder_of_no_known_layout_is_described()
    {
        _folder.Text("notes/readme.txt", "nothing");
        string message = Assert.Throws<InvalidDataException>(() => _folder.Open()).Message;
        Assert.Contains(_folder.Root, message);
        Assert.Contains("It holds notes.", message);
        Assert.Throws<DirectoryNotFoundException>(() => SegmentationData.Open(_folder.At("none")));
    }
}
