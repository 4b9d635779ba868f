using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>
/// A folder of masks that were painted. A file's name tells the image, and by its end from what it was painted: what has changed is painted
/// anew, under another name, and nothing is overwritten. Several threads may ask for masks.
/// </summary>
internal sealed class MaskCache(string? folder) : IDisposable
{
    private const int Version = 2, DigitsOfName = 16;

    // Made by the first thread that needs it; where that fails, by the next.
    private readonly Lock _making = new();
    private string? _folder;

    public bool IsDisposed { get; private set; }

    /// <summary>A mask's file, painted if it is not there yet.</summary>
    public string Get(string name, PaintedMask mask, (int Height, int Width) size, ClassList classes, Action<string> warn)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, typeof(SegmentationData));
        string path = Path.Combine([Folder(), .. name.Split('/')]) + $".{Fingerprint(mask, size, classes)}.png";
        if (File.Exists(path))
            return path;
        byte[] painted = mask.Paint(size.Height, size.Width, message => warn($"'{mask.Path}': {message}"));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new WholeFile(path, isUnique: true);
        using (FileStream stream = file.Create())
            IndexedPng.Write(stream, painted, size.Width, size.Height, classes.Palette);
        try
        {
            file.Complete(overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process, or thread, has painted the same.
        }
        return path;
    }

    public void Dispose()
    {
        IsDisposed = true;
        if (folder is null && _folder is not null && Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private string Folder()
    {
        lock (_making)
            return _folder ??= folder is null ? Directory.CreateTempSubdirectory("segmentation-masks-").FullName : Path.GetFullPath(folder);
    }

    private static string Stamp(string path) => new FileInfo(path) is { Exists: true } file ? $"{path} {file.Length} {file.LastWriteTimeUtc.Ticks}" : path;

    private static string Fingerprint(PaintedMask mask, (int Height, int Width) size, ClassList classes)
    {
        var file = new FileInfo(mask.Path);
        string text = string.Join('\n', [Version, mask.Path, mask.Part, file.Length, file.LastWriteTimeUtc.Ticks, size, mask.Numbering, .. mask.OtherFiles.Select(Stamp), .. classes.Names]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..DigitsOfName];
    }
}
