using System.Text.RegularExpressions;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>COCO: JSON files of annotations, one for each list, and folders of images.</summary>
internal static partial class CocoLayout
{
    private const string Annotations = "annotations";

    public static DataSource? TryOpen(DataFolder folder)
    {
        var files = FindFiles(folder.Path);
        if (files.Count == 0)
            return null;
        var lists = files.Select(file => (List: file.Key, File: new CocoFile(file.Value))).ToList();
        CocoFile first = lists[0].File;
        foreach (var (_, file) in lists)
        {
            if (file.IsPanoptic != first.IsPanoptic || !file.Categories.SequenceEqual(first.Categories))
                throw new InvalidDataException($"'{file.Path}' and '{first.Path}' do not have the same categories; a data set has one list of classes.");
        }
        var (classes, classOf) = ReadClasses(first);
        var notes = new List<SegmentationDataProblem>();
        var entries = lists.SelectMany(list => Read(folder, list.List, list.File, classOf, notes)).ToList();
        string what = first.IsPanoptic ? "panoptic segments of COCO" : "annotations of COCO";
        return DataSource.Of(SegmentationLayout.Coco, $"{what} in {string.Join(", ", files.Values.Select(file => Path.GetRelativePath(folder.Path, file)))}",
            folder.WithPalette(classes, first.Path), entries, notes);
    }

    // By list.
    private static SortedDictionary<string, string> FindFiles(string path)
    {
        string[] folders = [path, .. Directory.GetDirectories(path).Where(folder => Path.GetFileName(folder) is var name && (name.Equals(Annotations, StringComparison.OrdinalIgnoreCase) || SplitNames.IsSplit(name)))];
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*.json")).Order(StringComparer.Ordinal))
        {
            if (OtherTask().IsMatch(Path.GetFileName(file)) || !JsonFile.HasMembers(file, ["images", Annotations], other: "shapes"))
                continue;
            string list = ListOf(path, file);
            // In their order: instances come before panoptic.
            if (!files.TryAdd(list, file) && !(IsPanoptic(file) && !IsPanoptic(files[list])))
                throw new InvalidDataException($"'{files[list]}' and '{file}' both are the list '{list}'; leave one of them.");
        }
        return files;
    }

    private static bool IsPanoptic(string file) => Path.GetFileName(file).StartsWith("panoptic_", StringComparison.Ordinal);

    private static string ListOf(string root, string file)
    {
        string name = Prefix().Replace(Path.GetFileNameWithoutExtension(file), ""), parent = Path.GetFileName(Path.GetDirectoryName(file)!);
        if (Path.GetDirectoryName(file) != root && SplitNames.IsSplit(parent))
            return parent;
        return name is "_annotations.coco" or Annotations or "result" or "instances" or "panoptic" ? SplitNames.All
            : name.Split('_', '-', '.').FirstOrDefault(SplitNames.IsSplit) ?? name;
    }

    private static (ClassList Classes, Dictionary<long, byte> ClassOf) ReadClasses(CocoFile file)
    {
        string[] names = [.. file.Categories.Values];
        long[] ids = [.. file.Categories.Keys];
        if (!file.IsPanoptic)
        {
            var numbers = new ClassNumbers(names, file.Path);
            return (numbers.Classes, ids.Select((id, i) => (id, i)).ToDictionary(pair => pair.id, pair => numbers[pair.i]));
        }
        return ClassNameList.FindProblem(names) is { } problem
            ? throw new InvalidDataException($"'{file.Path}': {problem}")
            : (new ClassList(names, ClassPalette.Voc), ids.Select((id, i) => (id, i)).ToDictionary(pair => pair.id, pair => (byte)pair.i));
    }

    private static IEnumerable<(string, DataEntry)> Read(DataFolder folder, string list, CocoFile file, Dictionary<long, byte> classOf, List<SegmentationDataProblem> notes)
    {
        notes.AddRange(file.MissingImages.Select(id => new SegmentationDataProblem(file.Path, $"'{file.Path}' has annotations of an image {id}, which it does not list.", StopsTraining: false)));
        string? segments = file.IsPanoptic ? FindSegments(folder.Path, file.Path, list) : null;
        foreach (CocoImage image in file.Images)
        {
            if (file.IsPanoptic && !file.HasAnnotations(image.Id))
            {
                notes.Add(new SegmentationDataProblem(file.Path, $"'{file.Path}' has no segments of the image '{image.FileName}'; it is left out.", StopsTraining: false));
                continue;
            }
            MaskSource mask = segments is null ? new CocoMask(file, image, classOf) : new PanopticMask(file, image, segments, classOf);
            string? path = FindImage(folder, list, file.Path, image.FileName);
            string name = FolderIndex.Split(image.FileName) is { } parts ? Path.ChangeExtension(string.Join('/', parts), null) : $"{image.Id}";
            yield return (list, path is not null ? new DataEntry(name, path, mask)
                : new DataEntry(name, "", mask, new FileNotFoundException($"'{file.Path}': there is no image '{image.FileName}' (id {image.Id}) in '{folder.Path}'.", image.FileName)));
        }
    }

    // Beside the file, in a folder of the list, in images, or in the data set's folder.
    private static string? FindImage(DataFolder folder, string list, string file, string name)
    {
        if (FolderIndex.Split(name) is not { } parts)
            return null;
        string beside = Path.GetRelativePath(folder.Path, Path.GetDirectoryName(file)!);
        string[][] places = [beside == "." ? [] : [beside], ["images", list], [list], ["images"], []];
        return places.Select(place => folder.Index.Find([.. place, .. parts], "").FirstOrDefault()).FirstOrDefault(found => found is not null);
    }

    private static string FindSegments(string root, string file, string list)
    {
        string name = Path.GetFileNameWithoutExtension(file), beside = Path.GetDirectoryName(file)!;
        string[] places = [Path.Combine(beside, name), Path.Combine(root, name), Path.Combine(root, "panoptic", list), beside];
        return places.FirstOrDefault(place => Directory.Exists(place) && Directory.EnumerateFiles(place, "*.png").Any())
            ?? throw new InvalidDataException($"'{file}' has panoptic segments, but there is no folder '{places[0]}' or '{places[1]}' with their PNG files.");
    }

    [GeneratedRegex("^(captions|person_keypoints|stuff|image_info)_", RegexOptions.IgnoreCase)]
    private static partial Regex OtherTask();

    [GeneratedRegex("^(instances|panoptic)_", RegexOptions.IgnoreCase)]
    private static partial Regex Prefix();
}
