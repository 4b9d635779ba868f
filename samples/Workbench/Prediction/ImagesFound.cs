using Workbench.Files;

namespace Workbench.Prediction;

/// <summary>The images that a path names.</summary>
/// <param name="Images">Files, by their full paths.</param>
/// <param name="Problems">What should be images, but is no file with content: why it is none.</param>
internal sealed record ImagesFound(IReadOnlyList<string> Images, IReadOnlyList<string> Problems)
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png"];

    /// <summary>A file, or all images of a folder without hidden ones, which systems put there for themselves. None is opened.</summary>
    /// <exception cref="FileNotFoundException">There is no such file or folder, or no image in it.</exception>
    public static ImagesFound At(string path)
    {
        if (!Directory.Exists(path))
            return File.Exists(path) ? Sort([Path.GetFullPath(path)]) : throw new FileNotFoundException($"'{path}' does not exist: there is no such image or folder.", path);

        var entries = Directory.GetFileSystemEntries(Path.GetFullPath(path))
            .Where(entry => Extensions.Contains(Path.GetExtension(entry), StringComparer.OrdinalIgnoreCase) && !Path.GetFileName(entry).StartsWith('.'))
            .Order(StringComparer.Ordinal)
            .ToList();
        return entries.Count > 0 ? Sort(entries) : throw new FileNotFoundException($"The folder '{path}' has no images ({string.Join(", ", Extensions)}).", path);
    }

    private static ImagesFound Sort(IEnumerable<string> entries)
    {
        var problems = entries.ToLookup(FindProblem);
        return new ImagesFound([.. problems[null]], [.. problems.Where(group => group.Key is not null).SelectMany(group => group, (group, entry) => $"'{entry}' {group.Key}.").Order(StringComparer.Ordinal)]);
    }

    // Opening a pipe would wait until something is written to it.
    private static string? FindProblem(string entry)
    {
        try
        {
            var real = RealPath.Of(entry);
            return Directory.Exists(real) ? "is a folder"
                : !File.Exists(real) ? "is a link to a file that is not there"
                : new FileInfo(real).Length == 0 ? "is empty, or a pipe, a socket or a device"
                : null;
        }
        catch (IOException)
        {
            return "is a link that leads nowhere";
        }
    }
}
