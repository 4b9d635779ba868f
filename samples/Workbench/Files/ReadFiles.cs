namespace Workbench.Files;

/// <summary>The files and folders that a command reads, by their real paths.</summary>
internal sealed class ReadFiles
{
    // As they are given; several where the system tells capitals apart.
    private readonly Dictionary<string, List<(string Real, string Given)>> _files = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<(string Real, string Given)>> _folders = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<(string Real, string Given)>> _foldersOfImages = new(StringComparer.OrdinalIgnoreCase);

    private static readonly EnumerationOptions AllFiles = new() { RecurseSubdirectories = true, MaxRecursionDepth = 8, AttributesToSkip = FileAttributes.System };

    /// <summary>The real paths of all folders that hold what is read.</summary>
    public IEnumerable<string> Folders =>
        _files.Values.SelectMany(alike => alike, (_, file) => Path.GetDirectoryName(file.Real)!).Concat(_folders.Values.SelectMany(alike => alike, (_, folder) => folder.Real)).Distinct();

    public void Add(string path) => Add(_files, RealPath.Of(path), path);

    /// <summary>One image: what lies beside it may be pictures, too, and is not replaced.</summary>
    public void AddImage(string path)
    {
        Add(path);
        // The folder of a link and that of the image itself.
        foreach (var image in (string[])[Path.GetFullPath(path), RealPath.Of(path)])
            Add(_foldersOfImages, RealPath.Of(Path.GetDirectoryName(image)!), path);
    }

    /// <summary>A folder whose files are all read, and among which nothing is written.</summary>
    public void AddFolder(string path)
    {
        var real = RealPath.Of(path);
        Add(_folders, real, path);
        foreach (var file in new DirectoryInfo(real).EnumerateFiles().Where(file => file.Attributes.HasFlag(FileAttributes.ReparsePoint)))
            AddFound(file.FullName);
    }

    /// <summary>A data set in any layout: its lists and annotations, and the folders of its images, masks and lists.</summary>
    public void AddDataSet(string path)
    {
        if (!Directory.Exists(path))
            return;
        foreach (var below in Directory.EnumerateFiles(path, "*", AllFiles).GroupBy(file => Path.GetDirectoryName(file)!))
        {
            var isRoot = Path.GetFullPath(below.Key) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
            if (below.Any(IsPicture) || (!isRoot && IsInPartOfVoc(Path.GetRelativePath(path, below.Key))))
                AddFolder(below.Key);
            else
                below.Where(IsList).ToList().ForEach(AddFound);
        }
    }

    /// <summary>Refuses an output that is one of these files, or would be put among them.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The output as it is given.</param>
    /// <param name="real">Its real path.</param>
    /// <exception cref="IOException">It is.</exception>
    public void CheckOutput(string option, string path, string real)
    {
        var folder = Path.GetDirectoryName(real);
        var among = folder is null ? null : Find(_folders, folder);
        var input = Find(_files, real) ?? (among is not null && File.Exists(real) ? Path.Combine(among, Path.GetFileName(real)) : null);
        if (input is not null)
            throw new IOException($"{option} would overwrite '{input}', which this command reads{(input == path ? "" : $" (as '{path}')")}. Choose another name or folder.");
        if (among is not null)
            throw new IOException($"{option} would put '{path}' among the files that this command reads, in '{among}'. Choose another folder.");
        if (folder is not null && Find(_foldersOfImages, folder) is { } image && File.Exists(real))
            throw new IOException($"{option} would replace '{path}', which lies in the folder of the image '{image}' and may be a picture, too. Choose another folder.");
    }

    private static bool IsPicture(string file) => Path.GetExtension(file).ToLowerInvariant() is ".jpg" or ".jpeg" or ".png";

    private static bool IsList(string file) => Path.GetExtension(file).ToLowerInvariant() is ".txt" or ".json" or ".yaml" or ".yml";

    private static bool IsInPartOfVoc(string folder) => folder.Split('/', '\\')[0] is "JPEGImages" or "SegmentationClass" or "ImageSets";

    private void AddFound(string path)
    {
        try
        {
            Add(path);
        }
        catch (IOException)
        {
            // Links that lead in a circle stand for no file; who reads this one says so.
        }
    }

    private static void Add(Dictionary<string, List<(string Real, string Given)>> names, string real, string given)
    {
        if (!names.TryGetValue(real, out var alike))
            names[real] = alike = [];
        alike.Add((real, given));
    }

    private static string? Find(Dictionary<string, List<(string Real, string Given)>> names, string real) =>
        names.TryGetValue(real, out var alike) ? alike.FirstOrDefault(one => RealPath.AreSame(one.Real, real)).Given : null;
}
