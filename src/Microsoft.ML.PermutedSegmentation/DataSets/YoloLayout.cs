namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>YOLO's segmentation labels: a text file for each image, in labels beside images, or in both for each split.</summary>
internal static class YoloLayout
{
    public static DataSource? TryOpen(DataFolder folder)
    {
        (string Images, string Labels, string? Split)[] pairs = [.. Find(folder.Path)];
        if (pairs.Length == 0)
            return null;
        string namesFile = YoloNames.FindFile(folder)
            ?? throw new InvalidDataException($"'{folder.Path}' has labels of YOLO, but no data.yaml or classes.txt with the names of the classes.");
        var numbers = new ClassNumbers(YoloNames.Read(namesFile), namesFile);
        var notes = new List<SegmentationDataProblem>();
        var entries = pairs.SelectMany(pair => Match(pair, numbers, notes)).ToList();
        return entries.Count == 0
            ? throw new InvalidDataException($"'{pairs[0].Images}' has no images.")
            : DataSource.Of(SegmentationLayout.Yolo, $"polygons of YOLO, classes of {Path.GetFileName(namesFile)}", folder.WithPalette(numbers.Classes, namesFile), entries, notes);
    }

    private static IEnumerable<(string Images, string Labels, string? Split)> Find(string path)
    {
        if (FindIn(path, null) is { } pair)
            return [pair];
        var splits = Directory.GetDirectories(path).Where(folder => SplitNames.IsSplit(Path.GetFileName(folder))).Order(StringComparer.Ordinal);
        return splits.Select(folder => FindIn(folder, Path.GetFileName(folder))).OfType<(string, string, string?)>();
    }

    private static (string, string, string?)? FindIn(string path, string? split) =>
        DataFolder.FindFolder(path, "images") is { } images && DataFolder.FindFolder(path, "labels") is { } labels && DataFolder.Files(labels, ".txt").Length > 0
            ? (images, labels, split) : null;

    private static IEnumerable<(string, DataEntry)> Match((string Images, string Labels, string? Split) pair, ClassNumbers numbers, List<SegmentationDataProblem> notes)
    {
        var labels = DataFolder.Files(pair.Labels, ".txt").Where(file => Path.GetFileName(file) != "classes.txt").ToLookup(file => Key(pair.Labels, file), StringComparer.OrdinalIgnoreCase);
        var used = new Dictionary<string, string>();
        var entries = new List<(string, DataEntry)>();
        foreach (string image in DataFolder.Files(pair.Images, DataFolder.ImageExtensions))
        {
            string name = DataFolder.NameOf(pair.Images, image);
            string[] found = [.. labels[Key(pair.Images, image)]];
            string? problem = found.Length > 1 ? $"'{image}' has several files of labels: '{string.Join("' and '", found)}'. Leave one of them."
                : found is [var only] && !used.TryAdd(only, image) ? $"The labels '{only}' belong to '{image}' as well as to '{used[only]}'. Rename one of the images."
                : null;
            MaskSource mask = new YoloMask(found.FirstOrDefault() ?? image, numbers) { HasObjects = found.Length > 0 };
            entries.Add((pair.Split ?? SplitNames.Of(name), new DataEntry(
                pair.Split is null ? name : $"{pair.Split}/{name}", image, mask, problem is null ? null : new InvalidDataException(problem))));
            foreach (string file in found)
                used.TryAdd(file, image);
        }
        notes.AddRange(labels.SelectMany(files => files).Where(file => !used.ContainsKey(file)).Select(file => new SegmentationDataProblem(file, $"The labels '{file}' have no image in '{pair.Images}'.", StopsTraining: false)));
        return entries;
    }

    private static string Key(string folder, string file) => FolderIndex.Compose(DataFolder.NameOf(folder, file));
}
