using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The layouts of Cityscapes, ADE20K, PASCAL VOC, CVAT and labelme's export.</summary>
public sealed class PublicDataSetTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cityscapes_has_19_classes_by_label_ids_or_train_ids()
    {
        _folder.Image("leftImg8bit/train/ulm/ulm_0_1_leftImg8bit.png", 4, 1);
        // road, bicycle, license plate (as it is stored) and static.
        _folder.Mask("gtFine/train/ulm/ulm_0_1_gtFine_labelIds.png", 7, 33, 255, 4);
        _folder.Image("leftImg8bit/val/bonn/bonn_0_1_leftImg8bit.png", 3, 1);
        _folder.Mask("gtFine/val/bonn/bonn_0_1_gtFine_labelTrainIds.png", 0, 18, 255);
        _folder.Image("leftImg8bit/val/bonn/bonn_0_2_leftImg8bit.png", 3, 1);
        using SegmentationData data = _folder.Open();
        Assert.Equal(SegmentationLayout.Cityscapes, data.Layout);
        Assert.Equal((19, "road", "bicycle"), (data.ClassNames.Count, data.ClassNames[0], data.ClassNames[18]));
        Assert.Equal((128, 64, 128), data.Palette[0]);
        Assert.Equal(("train", "val"), (data.TrainingList, data.ValidationList));
        var (name, mask) = _folder.Masks("train").Single();
        Assert.Equal("train/ulm/ulm_0_1", name);
        Assert.Equal("018..", mask);
        Assert.Equal("018.", _folder.Masks("val").Values.Single());
        Assert.Contains(_folder.Warnings, text => text.Contains("bonn_0_2_leftImg8bit.png"));
    }

    [Fact]
    public void ADE20K_begins_with_void()
    {
        _folder.Image("images/training/ADE_train_1.jpg", 3, 1);
        _folder.Mask("annotations/training/ADE_train_1.png", 0, 1, 2);
        _folder.Image("images/validation/ADE_val_1.jpg", 1, 1);
        _folder.Mask("annotations/validation/ADE_val_1.png", 150);
        _folder.Text("objectInfo150.txt", "Idx\tRatio\tTrain\tVal\tStuff\tName\n" + string.Concat(Enumerable.Range(1, 150).Select(i => $"{i}\t0.1\t1\t1\t0\tthing{i}, object{i}\n")));
        using SegmentationData data = _folder.Open();
        Assert.Equal(SegmentationLayout.Ade20K, data.Layout);
        Assert.Equal((150, "thing1", "thing150"), (data.ClassNames.Count, data.ClassNames[0], data.ClassNames[149]));
        Assert.Equal(("training", "validation"), (data.TrainingList, data.ValidationList));
        Assert.Equal(".01", _folder.Masks("training").Values.Single());
        string mask = _folder.Mask("annotations/validation/ADE_val_1.png", 151);
        Assert.Contains($"'{mask}': pixel (x = 0, y = 0) has the value 151", _folder.Fail("validation"));
        _folder.Mask("annotations/validation/ADE_val_1.png", 1, 1);
        Assert.Contains("1 x 2 pixels (height x width), its image 1 x 1", _folder.Fail("validation"));
    }

    [Fact]
    public void PASCAL_VOC_has_its_lists_and_warns_of_its_classes()
    {
        Voc("train", "val", "trainval");
        using SegmentationData data = _folder.Open();
        Assert.Equal(SegmentationLayout.PascalVoc, data.Layout);
        Assert.Equal(["train", "trainval", "val"], data.Lists);
        Assert.Equal(("train", "val"), (data.TrainingList, data.ValidationList));
        Assert.Equal("01", _folder.Masks("train")["a"]);
        Assert.Contains("VOC's 21 classes are used", Assert.Single(_folder.Warnings));
    }

    [Fact]
    public void CVATs_only_list_is_split()
    {
        Voc("default");
        _folder.Text("labelmap.txt", "background:0,0,0::\ncat:48,112,32::\n");
        _folder.File("SegmentationClass/a.png", PngFile.OneRow(2, 8, [0, 0, 0, 48, 112, 32]));
        using SegmentationData data = _folder.Open();
        Assert.Equal(SegmentationLayout.Cvat, data.Layout);
        Assert.Contains("CVAT", data.Description);
        Assert.Equal(["default", "train", "val"], data.Lists);
        Assert.Equal("01", _folder.Masks("default")["a"]);
        Assert.Equal(["a"], _folder.Names("train"));
    }

    [Fact]
    public void Labelmes_export_has_no_lists()
    {
        Voc();
        _folder.Text("class_names.txt", "_background_\nscratch\n");
        using SegmentationData data = _folder.Open();
        Assert.Equal(SegmentationLayout.ImagesAndMasks, data.Layout);
        Assert.Equal(["_background_", "scratch"], data.ClassNames);
        Assert.Equal("01", _folder.Masks()["a"]);
    }

    [Fact]
    public void A_list_that_names_missing_files_is_refused_as_ever()
    {
        Voc("train");
        _folder.Text("ImageSets/Segmentation/train.txt", "a\nb\n");
        Assert.Contains("train.txt', line 2: there is no image", Assert.Throws<FileNotFoundException>(() => _folder.Masks("train")).Message);
    }

    private void Voc(params string[] lists)
    {
        _folder.Image("JPEGImages/a.jpg", 2, 1);
        _folder.Mask("SegmentationClass/a.png", 0, 1);
        foreach (string list in lists)
            _folder.Text($"ImageSets/Segmentation/{list}.txt", "a\n");
    }
}
