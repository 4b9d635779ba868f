using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Where a folder's classes come from.</summary>
public sealed class VocFolderClassesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new();
    private readonly List<string> _warnings = [];

    public VocFolderClassesTests()
    {
        _folder.WriteImage("JPEGImages/a.jpg", 2, 1);
        _folder.WriteMask("SegmentationClass/a.png", [0, 1], 2, 1);
        _folder.WriteText("ImageSets/Segmentation/default.txt", "a\n");
        _mlContext.Log += (_, message) =>
        {
            if (message.Kind == ChannelMessageKind.Warning)
                _warnings.Add(message.RawMessage);
        };
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cvats_labels_have_their_names_and_colors()
    {
        string path = _folder.WriteText("labelmap.txt", "# label:color_rgb:parts:actions\r\nCat:48,112,32::\r\n\r\nbackground:0,0,0::\r\nDog: 176, 112, 32:paw,tail:run\r\nignored:9,9,9::\r\n");
        _folder.Write("SegmentationClass/a.png", PngFile.OneRow(2, 8, [176, 112, 32, 48, 112, 32]));
        VocFolder voc = Open();
        Assert.Equal(path, voc.ClassNamesFile);
        Assert.Equal(["background", "Cat", "Dog"], voc.ClassNames);
        Assert.Equal((48, 112, 32), voc.Palette[1]);
        Assert.Equal((9, 9, 9), voc.Palette.VoidColor);
        IDataView rows = voc.Load(_mlContext, "default");
        IDataView labelled = _mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", voc.ClassNames, voc.Palette).Fit(rows).Transform(rows);
        Assert.Equal([3, 2], labelled.GetColumn<byte[]>("Label").Single());
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Names_are_read_in_the_encoding_of_their_mark_and_otherwise_must_be_UTF_8()
    {
        string path = _folder.Write("classes.txt", [0xFF, 0xFE, .. System.Text.Encoding.Unicode.GetBytes("Boden\r\nTür\r\n")]);
        Assert.Equal(["Boden", "Tür"], VocFolder.ReadClassNames(path));
        _folder.Write("classes.txt", [.. "Boden\nT"u8, 0xFC, (byte)'r']); // Windows-1252
        string message = Assert.Throws<InvalidDataException>(() => VocFolder.ReadClassNames(path)).Message;
        Assert.Contains(path, message);
        Assert.Contains("UTF-8", message);
    }

    [Fact]
    public void Labels_without_colors_have_vocs()
    {
        _folder.WriteText("LabelMap.txt", "background:::\nroad\n");
        Assert.Equal(["background", "road"], Open().ClassNames);
        Assert.Same(ClassPalette.Voc, Open().Palette);
    }

    [Theory]
    [InlineData("background:0,0,0::\nCat:48,112::", "line 2")]
    [InlineData("background:0,0,0::\nCat:48,112,256::", "line 2")]
    [InlineData("background:0,0,0::\nCat:::", "'Cat' has no color")]
    [InlineData("background:0,0,0::\nCat:0,0,0::", "Classes 0 and 1 have the same color")]
    [InlineData("background:0,0,0::\nCat:1,0,0::\nCat:2,0,0::", "Classes 1 and 2 have the same name")]
    [InlineData("# nothing", "0 class names")]
    public void Refuses_labels_that_are_not_right(string text, string reason)
    {
        string path = _folder.WriteText("labelmap.txt", text);
        var exception = Assert.Throws<InvalidDataException>(Open);
        Assert.Contains(path, exception.Message);
        Assert.Contains(reason, exception.Message);
    }

    [Theory]
    [InlineData("_background_\nscratch\n")]
    [InlineData("__ignore__\n_background_\nscratch\n")]
    public void Labelmes_names_are_read(string text)
    {
        _folder.WriteText("class_names.txt", text);
        VocFolder voc = Open();
        Assert.Equal(["_background_", "scratch"], voc.ClassNames);
        voc.Load(_mlContext, "default");
        Assert.Empty(_warnings);
    }

    [Fact]
    public void The_files_names_are_taken_in_any_case_and_classes_txt_comes_first()
    {
        _folder.WriteText("class_names.txt", "a\nb");
        _folder.WriteText("labelmap.txt", "c:1,1,1::\nd:2,2,2::");
        Assert.Equal(["c", "d"], Open().ClassNames);
        _folder.WriteText("Classes.TXT", "e\nf");
        Assert.Equal(["e", "f"], Open().ClassNames);
        Assert.Equal(["c", "d"], VocFolder.Open(_folder.Root, _folder.At("labelmap.txt")).ClassNames);
    }

    [Fact]
    public void Vocs_classes_are_not_taken_in_silence()
    {
        VocFolder voc = Open();
        Assert.Null(voc.ClassNamesFile);
        Assert.Equal(VocFolder.VocClassNames, voc.ClassNames);
        voc.Load(_mlContext, "default");
        voc.Load(_mlContext, "default");
        Assert.Equal($"There is no classes.txt, labelmap.txt or class_names.txt in '{_folder.Root}': VOC's 21 classes are used.", Assert.Single(_warnings));
    }

    [Fact]
    public void A_palette_that_is_given_comes_first()
    {
        _folder.WriteText("classes.txt", "a\nb");
        Assert.Same(ClassPalette.Binary, VocFolder.Open(_folder.Root, palette: ClassPalette.Binary).Palette);
        _folder.WriteText("classes.txt", "a\nb\nc");
        Assert.Contains("2 colors", Assert.Throws<ArgumentException>("palette", () => VocFolder.Open(_folder.Root, palette: ClassPalette.Binary)).Message);
    }

    private VocFolder Open() => VocFolder.Open(_folder.Root);
}
