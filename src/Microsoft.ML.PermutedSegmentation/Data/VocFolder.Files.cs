namespace Microsoft.ML.PermutedSegmentation;

/// <content>How the files that a list names are found.</content>
public sealed partial class VocFolder
{
    private static readonly string[] ImageExtensions = [".jpg", ".jpeg", ".png"];

    /// <summary>The names of the lists, folders with <c>/</c>.</summary>
    internal IReadOnlyList<string> ListNames => [.. Directory.EnumerateFiles(_listFolder, "*", SearchOption.AllDirectories)
        .Where(file => Path.GetExtension(file).Equals(".txt", StringComparison.OrdinalIgnoreCase))
        .Select(file => Path.ChangeExtension(Path.GetRelativePath(_listFolder, file), null).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal)];

    /// <summary>Finds the files that a list names. Nothing of them is read.</summary>
    /// <param name="list">The list's name.</param>
    /// <param name="masks">Whether there are masks.</param>
    /// <param name="refuse">Takes the name and what is wrong with it; without it, that is thrown.</param>
    internal IEnumerable<(string Line, VocRow Row)> Find(string list, bool masks, Action<string, Exception>? refuse = null)
    {
        string listFile = FindList(list);
        if (masks)
            CheckFolder(MaskFolder, "The data set has no mask folder");
        FolderIndex images = new(ImageFolder), maskFiles = new(MaskFolder);
        string[] lines = ListFile.Read(listFile).Split('\n');
        bool isEmpty = true;
        for (int i = 0; i < lines.Length; i++)
        {
            string name = lines[i].Trim(), line = $"'{listFile}', line {i + 1}";
            if (name.Length == 0)
                continue;
            isEmpty = false;
            VocRow row;
            try
            {
                row = FindFiles(name, line, images, masks ? maskFiles : null);
            }
            catch (Exception exception) when (refuse is not null && exception is FileNotFoundException or InvalidDataException)
            {
                refuse(name, exception);
                continue;
            }
            yield return (line, row);
        }
        if (isEmpty)
            throw new InvalidDataException($"The list '{listFile}' is empty; it should have one image name per line.");
    }

    private string FindList(string list)
    {
        if (FolderIndex.Split(list) is not { } parts)
            throw new ArgumentException($"'{list}' is not the name of a list in '{_listFolder}'.", nameof(list));
        string expected = Path.Combine([_listFolder, .. parts]) + ".txt";
        return OnlyOne(new FolderIndex(_listFolder).Find(parts, ".txt"), $"'{list}'")
            ?? throw new FileNotFoundException($"The data set has no list '{expected}'.", expected);
    }

    private VocRow FindFiles(string name, string line, FolderIndex images, FolderIndex? masks)
    {
        string[] parts = FolderIndex.Split(name) ?? throw new InvalidDataException($"{line}: the name '{name}' points outside the data set's folders.");
        string image = FindImage(images, parts, line);
        string rowName = string.Join('/', parts);
        if (masks is null)
            return new VocRow { Name = rowName, ImagePath = image };
        string expected = Path.Combine([MaskFolder, .. parts]) + ".png";
        string mask = OnlyOne(masks.Find(parts, ".png"), line) ?? throw new FileNotFoundException($"{line}: there is no mask '{expected}'.", expected);
        return new VocRow { Name = rowName, ImagePath = image, MaskPath = mask };
    }

    // An extension that the list brings along is taken off the last part.
    private string FindImage(FolderIndex images, string[] parts, string line)
    {
        if (OnlyOne(images.Find(parts, ImageExtensions), line) is { } image)
            return image;
        string extension = Path.GetExtension(parts[^1]);
        bool isGiven = ImageExtensions.Contains(extension, StringComparer.OrdinalIgnoreCase);
        if (isGiven)
            parts[^1] = Path.GetFileNameWithoutExtension(parts[^1]);
        string expected = Path.Combine([ImageFolder, .. parts]) + (isGiven ? extension : ImageExtensions[0]);
        return (isGiven ? OnlyOne(images.Find(parts, extension), line) : null)
            ?? throw new FileNotFoundException($"{line}: there is no image '{expected}'{(isGiven ? "" : " (nor .jpeg, nor .png)")}.", expected);
    }

    private static string? OnlyOne(string[] found, string line) => found.Length > 1
        ? throw new InvalidDataException($"{line}: the name is ambiguous; there are '{string.Join("' and '", found)}'. Rename one of them, or write the file's whole name.")
        : found.FirstOrDefault();
}
