using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>What a check finds in a data set.</summary>
public sealed class DataCheckTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sound_data_of_several_sizes_is_counted()
    {
        for (int i = 0; i < 4; i++)
        {
            _folder.Image($"images/p{i}.jpg", i == 3 ? 5 : 4, 1);
            _folder.Mask($"masks/p{i}.png", [.. Enumerable.Repeat(1, i), .. Enumerable.Repeat(0, 3 - i), 255, .. i == 3 ? [0] : Array.Empty<int>()]);
        }
        File.WriteAllBytes(_folder.At("images", "p1.jpg"), [.. File.ReadAllBytes(_folder.At("images", "p1.jpg")), 1]);
        File.WriteAllBytes(_folder.At("images", "p2.jpg"), [.. File.ReadAllBytes(_folder.At("images", "p2.jpg")), 2]);
        _folder.Text("classes.txt", "road\ncar\nbus\n");
        var done = new List<(int, int)>();
        SegmentationDataReport report = Check(new Progress(done));
        Assert.Equal([("all", 4), ("train", 3), ("val", 1)], report.Lists);
        Assert.Equal([(1, 4, 3), (1, 5, 1)], report.ImageSizes);
        // Class 1 has 0 + 1 + 2 + 3 pixels, class 0 has 3 + 2 + 1 + 1.
        Assert.Equal([("road", 7L, 4), ("car", 6L, 3), ("bus", 0L, 0)], report.Classes);
        Assert.Equal((4L, 17L), (report.VoidPixels, report.Pixels));
        Assert.Equal([(1, 4), (2, 4), (3, 4), (4, 4)], done);
        Assert.Contains("class 2 'bus' never occurs", Assert.Single(report.Problems).Message);
        Assert.False(report.StopsTraining);
    }

    [Fact]
    public void All_problems_are_told_each_with_its_file()
    {
        foreach (string name in (string[])["a", "bb", "cut", "twice", "size", "alone"])
            _folder.Image($"images/{name}.png", 2 + name.Length, 1);
        foreach (string name in (string[])["a", "bb", "cut", "twice", "size", "nothing"])
            _folder.Mask($"masks/{name}.png", [0, 1, .. Enumerable.Repeat(0, name.Length)]);
        File.Copy(_folder.At("images", "twice.png"), _folder.At("images", "again.png"));
        _folder.Mask("masks/again.png", 0, 1, 0, 0, 0, 0, 0);
        _folder.File("images/cut.png", File.ReadAllBytes(_folder.At("images", "cut.png"))[..^5]);
        _folder.Mask("masks/size.png", 0, 1);
        _folder.Mask("masks/bb.png", 0, 7, 0, 0);
        _folder.Text("classes.txt", "road\ncar\nbus\n");
        SegmentationDataReport report = Check();
        (string, bool)[] expected =
        [
            (_folder.At("images", "alone.png"), false), (_folder.At("images", "twice.png"), false), (_folder.Root, false), (_folder.At("masks", "nothing.png"), false),
            (_folder.At("images", "cut.png"), true), (_folder.At("masks", "bb.png"), true), (_folder.At("masks", "size.png"), true),
        ];
        report.Problems.Select(problem => (problem.Path, problem.StopsTraining)).Should().BeEquivalentTo(expected);
        Assert.All(report.Problems.Where(problem => problem.Path != _folder.Root), problem => Assert.Contains(problem.Path, problem.Message));
        Assert.True(report.StopsTraining);
        Assert.Contains("same bytes as", report.Problems.Single(problem => problem.Path.EndsWith("twice.png")).Message);
    }

    [Fact]
    public void Problems_of_lists_and_annotations_are_told_too()
    {
        _folder.Image("JPEGImages/a.jpg", 2, 1);
        _folder.Mask("SegmentationClass/a.png", 0, 1);
        _folder.Text("classes.txt", "road\ncar\n");
        _folder.Text("ImageSets/Segmentation/train.txt", "a\nb\n../c\n");
        _folder.Text("ImageSets/Segmentation/val.txt", "a\n");
        _folder.Text("ImageSets/Segmentation/test.txt", "\n");
        string[] messages = [.. Check().Problems.Select(problem => $"{problem.StopsTraining} {problem.Message}")];
        Assert.Equal(4, messages.Length);
        Assert.Contains(messages, message => message.StartsWith("True") && message.Contains("train.txt', line 2: there is no image"));
        Assert.Contains(messages, message => message.StartsWith("True") && message.Contains("train.txt', line 3: the name '../c' points outside"));
        Assert.Contains(messages, message => message.StartsWith("True") && message.Contains("test.txt' is empty"));
        Assert.Contains(messages, message => message.StartsWith("False") && message.Contains("is in both lists, 'train' and 'val'"));
    }

    [Fact]
    public void Masks_whose_objects_may_be_void_are_told_one_by_one()
    {
        foreach (string name in (string[])["a", "bb"])
            _folder.Image($"JPEGImages/{name}.jpg", name.Length + 1, 1);
        _folder.Mask("SegmentationClass/a.png", 0, 1);
        string mask = _folder.Mask("SegmentationClass/bb.png", 0, 255, 255);
        _folder.Text("classes.txt", "background\nobject\n");
        _folder.Text("ImageSets/Segmentation/train.txt", "a\nbb\n");
        SegmentationDataReport report = Check();
        Assert.Equal([_folder.Root, mask], report.Problems.Select(problem => problem.Path));
        Assert.Contains("--binary-masks", report.Problems[0].Message);
        Assert.False(report.StopsTraining);
    }

    [Fact]
    public void Masks_are_painted_on_several_threads()
    {
        if (Environment.ProcessorCount == 1)
            return;
        _folder.Image("images/a.jpg", 2, 1);
        _folder.Mask("masks/a.png", 0, 1);
        using SegmentationData data = _folder.Open();
        using var both = new Barrier(2);
        DataEntry[] entries = [.. ((string[])["a", "b"]).Select(name => new DataEntry(name, _folder.At("images", "a.jpg"), new MeetingMask(both)))];
        var source = DataSource.Of(SegmentationLayout.Yolo, "", new ClassList(data.ClassNames, data.Palette), entries.Select(entry => ("all", entry)), []);
        SegmentationDataReport report = new DataCheck(data, source).Run(null, CancellationToken.None);
        Assert.False(report.StopsTraining, string.Join('\n', report.Problems));
        Assert.Equal(4, report.Pixels);
    }

    [Fact]
    public void A_check_can_be_cancelled()
    {
        _folder.Image("images/a.jpg", 2, 1);
        _folder.Mask("masks/a.png", 0, 1);
        using SegmentationData data = _folder.Open();
        Assert.Throws<OperationCanceledException>(() => data.Check(cancellationToken: new CancellationToken(true)));
    }

    private SegmentationDataReport Check(IProgress<(int, int)>? progress = null)
    {
        string[] before = _folder.Snapshot();
        using SegmentationData data = _folder.Open();
        SegmentationDataReport report = data.Check(progress);
        Assert.Equal(before, _folder.Snapshot());
        return report;
    }

    private sealed record MeetingMask(Barrier Both) : PaintedMask("mask")
    {
        public override string Numbering => "";

        public override byte[] Paint(int height, int width, Action<string> warn) =>
            Both.SignalAndWait(TimeSpan.FromSeconds(10)) ? new byte[height * width] : throw new InvalidDataException("No other mask is painted.");
    }

    private sealed class Progress(List<(int, int)> done) : IProgress<(int, int)>
    {
        public void Report((int, int) value) => done.Add(value);
    }
}
