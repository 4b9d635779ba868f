namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>The folder of a data set whose layout is to be found, and how its files are to be read.</summary>
/// <param name="Path">The folder, an absolute path.</param>
/// <param name="Palette">The colors of the classes that the user gives.</param>
/// <param name="Orientation">How images that are stored turned are read.</param>
internal sealed record DataFolder(string Path, ClassPalette? Palette, ImageOrientation Orientation)
{
    private const int DeepestFolder = 8;

    public static readonly string[] ImageExtensions = [".jpg", ".jpeg", ".png"];

    public FolderIndex Index { get; } = new(Path);

    /// <summary>The first folder that is called so, in any case; null when there is none.</summary>
    public static string? FindFolder(string parent, params IEnumerable<string> names)
    {
        if (!Directory.Exists(parent))
            return null;
        var folders = Directory.GetDirectories(parent).ToLookup(folder => System.IO.Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase);
        return names.SelectMany(name => folders[name]).FirstOrDefault();
    }

    /// <summary>All files below a folder in a stable order, without hidden ones.</summary>
    public static string[] Files(string folder, params string[] extensions)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = DeepestFolder };
        return [.. Directory.EnumerateFiles(folder, "*", options)
            .Where(file => extensions.Contains(System.IO.Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];
    }

    /// <summary>A file's path below a folder with <c>/</c>, without its extension.</summary>
    public static string NameOf(string folder, string file) =>
        System.IO.Path.ChangeExtension(System.IO.Path.GetRelativePath(folder, file), null).Replace(System.IO.Path.DirectorySeparatorChar, '/');

    /// <summary>The classes of a file in the folder, and the file; null when there is none.</summary>
    public (ClassList Classes, string File)? ReadClasses() =>
        ClassList.FindFile(Index) is { } file ? (WithPalette(ClassList.Read(file), file), file) : null;

    /// <summary>With the colors that the user gives, if any.</summary>
    public ClassList WithPalette(ClassList classes, string source) => Palette is null ? classes
        : Palette.Count < classes.Names.Count ? throw new ArgumentException($"The palette has {Palette.Count} colors, but '{source}' has {classes.Names.Count} classes.", "palette")
        : classes with { Palette = Palette };
}
