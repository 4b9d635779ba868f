using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Where painted masks lie.</summary>
public sealed class MaskFolderTests : IDisposable
{
    private readonly DataSetFolder _folder = new();

    public MaskFolderTests()
    {
        _folder.Image("images/a.jpg", 4, 1);
        _folder.Text("data.yaml", "names: [road, car]");
        _folder.Text("labels/a.txt", "0 0 0 0.5 0 0.5 1 0 1");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void They_are_temporary_and_the_data_set_stays_as_it_was()
    {
        string[] before = _folder.Snapshot();
        string mask;
        SegmentationData data = _folder.Open();
        using (data)
        {
            mask = Load(data);
            Assert.True(File.Exists(mask));
            Assert.StartsWith(Path.GetTempPath(), mask);
        }
        Assert.False(File.Exists(mask));
        Assert.False(Directory.Exists(Path.GetDirectoryName(mask)));
        Assert.Throws<ObjectDisposedException>(() => Load(data));
        Assert.Equal(before, _folder.Snapshot());
    }

    [Fact]
    public void A_folder_keeps_them_for_the_next_time_and_nothing_in_it_is_overwritten()
    {
        string kept = _folder.Outside("kept");
        using SegmentationData data = _folder.Open(kept);
        string mask = Load(data);
        Assert.Equal(kept, Path.GetDirectoryName(mask));
        File.SetLastWriteTimeUtc(mask, DateTime.UnixEpoch);
        Assert.Equal(mask, Load(data));
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(mask));

        _folder.Text("labels/a.txt", "1 0 0 0.25 0 0.25 1 0 1");
        string changed = Load(data);
        Assert.NotEqual(mask, changed);
        Assert.Equal([1, 1, 0, 0], IndexedPng.Read(mask).Indices);
        Assert.Equal([2, 0, 0, 0], IndexedPng.Read(changed).Indices);
        Assert.Equal(2, Directory.GetFiles(kept).Length);
    }

    [Fact]
    public void They_are_painted_anew_when_numbers_stand_for_other_classes()
    {
        string kept = _folder.Outside("kept");
        _folder.Text("data.yaml", "names: [background, car]");
        string first, second;
        using (SegmentationData data = _folder.Open(kept))
            first = Load(data);
        _folder.Text("data.yaml", "names: [car]");
        using (SegmentationData data = _folder.Open(kept))
            second = Load(data);
        Assert.Equal([0, 0, 0, 0], IndexedPng.Read(first).Indices);
        Assert.Equal([1, 1, 0, 0], IndexedPng.Read(second).Indices);
    }

    [Fact]
    public void What_is_not_right_with_them_is_told_in_order_however_long_they_take()
    {
        for (int i = 0; i < 12; i++)
        {
            _folder.Image($"images/b{i:00}.jpg", 64, 64);
            // The first ones take longest; a single point is skipped with a warning.
            _folder.Text($"labels/b{i:00}.txt", string.Concat(Enumerable.Repeat("0 0 0 1 0 1 1 0 1\n", 60 * (12 - i))) + "1 0.5 0.5");
        }
        string[] expected = [.. Enumerable.Range(0, 12).Select(i => $"'{_folder.At("labels", $"b{i:00}.txt")}': the polygon of line {60 * (12 - i) + 1} has 1 points and so no area; it is skipped.")];
        Assert.Equal(13, _folder.Masks().Count);
        Assert.Equal(expected, _folder.Warnings);
        using SegmentationData data = _folder.Open();
        Assert.Equal(expected, data.Check().Problems.Select(problem => problem.Message).Where(message => message.Contains("is skipped")));
    }

    [Fact]
    public void It_is_not_in_the_data_set() =>
        Assert.Contains("lies in the data set's folder", Assert.Throws<ArgumentException>("maskFolder", () => _folder.Open(_folder.At("masks"))).Message);

    private static string Load(SegmentationData data) => Microsoft.ML.Data.ColumnCursorExtensions.GetColumn<string>(data.Load(new MLContext(), "all"), "MaskPath").Single();
}
