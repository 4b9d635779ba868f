using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>A folder with a small data set, what is read of it, and what was said meanwhile.</summary>
internal sealed class DataSetFolder : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _mlContext = new();

    public DataSetFolder() => _mlContext.Log += (_, message) =>
    {
        if (message.Kind == ChannelMessageKind.Warning)
            Warnings.Add(message.RawMessage);
    };

    public string Root => _folder.At("data");

    public List<string> Warnings { get; } = [];

    public void Dispose() => _folder.Dispose();

    public string At(params string[] parts) => _folder.At(["data", .. parts]);

    public string Outside(string name) => _folder.At(name);

    public void Image(string name, int width, int height) =>
        _folder.WriteImage("data/" + name, width, height, name.EndsWith(".png") ? SkiaSharp.SKEncodedImageFormat.Png : SkiaSharp.SKEncodedImageFormat.Jpeg);

    public string Text(string name, string content) => _folder.WriteText("data/" + name, content);

    public string File(string name, byte[] content) => _folder.Write("data/" + name, content);

    /// <summary>A grey mask of one row.</summary>
    public string Mask(string name, params int[] values) => File(name, PngFile.OneRow(0, 8, values));

    public SegmentationData Open(string? maskFolder = null, int seed = 1) => SegmentationData.Open(Root, maskFolder: maskFolder, seed: seed);

    /// <summary>The message with which opening or loading fails.</summary>
    public string Fail(string list = "train") => Xunit.Assert.Throws<InvalidDataException>(() => Masks(list)).Message;

    /// <summary>The masks of a list by name: classes, or 255 for void, in digits and dots.</summary>
    public Dictionary<string, string> Masks(string list = "all", string? maskFolder = null)
    {
        using SegmentationData data = Open(maskFolder);
        IDataView rows = data.Load(_mlContext, list);
        IDataView labels = _mlContext.Segmentation().Transforms.LoadMasks("Label", null, "MaskPath", data.ClassNames, data.Palette).Fit(rows).Transform(rows);
        return labels.GetColumn<string>("Name").Zip(labels.GetColumn<byte[]>("Label"), labels.GetColumn<int[]>("LabelSize"))
            .ToDictionary(row => row.First, row => string.Join('\n', row.Second.Chunk(row.Third[1]).Select(Show)));
    }

    public string[] Names(string list, int seed = 1)
    {
        using SegmentationData data = Open(seed: seed);
        return [.. data.Load(_mlContext, list).GetColumn<string>("Name")];
    }

    /// <summary>All files of the data set with their content, to see that none changes.</summary>
    public string[] Snapshot() => [.. Directory.GetFileSystemEntries(Root, "*", SearchOption.AllDirectories).Order()
        .Select(entry => System.IO.File.Exists(entry) ? $"{entry} {Convert.ToHexString(System.IO.File.ReadAllBytes(entry))}" : entry)];

    private static string Show(byte[] row) => string.Concat(row.Select(key => key == 0 ? "." : $"{key - 1}"));
}
