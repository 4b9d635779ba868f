using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>labelme: a JSON file of shapes beside each image.</summary>
internal static class LabelmeLayout
{
    private const string LabelsFile = "labels.txt";

    public static DataSource? TryOpen(DataFolder folder)
    {
        string[] files = DataFolder.Files(folder.Path, ".json");
        if (!files.Any(file => JsonFile.HasMembers(file, ["shapes"])))
            return null;
        var found = files.Select(Look).OfType<Annotated>().ToList();
        // Without a single label it is the broken file that matters, and not that there are no classes.
        if (found.Find(file => file.Problem is not null) is { Problem: { } problem } && found.TrueForAll(file => file.Labels.Count == 0))
            throw new InvalidDataException(problem.Message, problem);
        ClassNumbers numbers = ReadClasses(folder, found.SelectMany(file => file.Labels), out string source);
        var entries = found.Select(file => MakeEntry(folder.Path, file, numbers)).ToList();
        var images = entries.Select(pair => pair.Entry.ImagePath).ToHashSet();
        // A file that cannot be read is a problem of its own.
        var described = entries.Select(pair => pair.Entry.Name).ToHashSet();
        SegmentationDataProblem[] notes = [.. DataFolder.Files(folder.Path, DataFolder.ImageExtensions).Where(image => !images.Contains(image) && !described.Contains(DataFolder.NameOf(folder.Path, image)))
            .Select(image => new SegmentationDataProblem(image, $"'{image}' has no labels in a file {Path.GetFileNameWithoutExtension(image)}.json; it is left out.", StopsTraining: false))];
        return DataSource.Of(SegmentationLayout.Labelme, $"shapes of labelme, classes of {source}", folder.WithPalette(numbers.Classes, folder.Path), entries, notes);
    }

    // Null for a file of another kind.
    private static Annotated? Look(string file)
    {
        var labels = new HashSet<string>();
        string? image = null;
        bool hasShapes = false;
        try
        {
            JsonFile.Read(file, (member, value, _) =>
            {
                if (member == "shapes")
                    labels.Add(value.GetText("label"));
                else if (member == "imagePath" && value.ValueKind == JsonValueKind.String)
                    image = value.GetString();
            }, member => hasShapes |= member == "shapes");
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            return new Annotated(file, [], image, exception);
        }
        return hasShapes ? new Annotated(file, labels, image, null) : null;
    }

    private static ClassNumbers ReadClasses(DataFolder folder, IEnumerable<string> labels, out string source)
    {
        string? file = folder.Index.Find([Path.GetFileNameWithoutExtension(LabelsFile)], ".txt").FirstOrDefault() ?? ClassList.FindFile(folder.Index);
        source = file is null ? "the labels themselves" : Path.GetFileName(file);
        IEnumerable<string> names = file is null
            ? labels.Distinct().Order(StringComparer.Ordinal)
            : ListFile.Read(file).TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        return new ClassNumbers([.. names.Where(label => label != LabelmeMask.Ignored)], file ?? folder.Path);
    }

    private static (string List, DataEntry Entry) MakeEntry(string root, Annotated file, ClassNumbers numbers)
    {
        string name = DataFolder.NameOf(root, file.Path);
        string? image = file.Problem is null ? FindImage(root, file) : null;
        Exception? problem = file.Problem ?? (image is null
            ? new FileNotFoundException($"'{file.Path}': there is no image '{file.ImagePath ?? Path.GetFileName(name) + ".jpg"}' in the data set.", file.ImagePath)
            : null);
        return (SplitNames.Of(name), new DataEntry(name, image ?? "", new LabelmeMask(file.Path, numbers), problem));
    }

    // Where the file says, if that is in the data set, or else beside the file.
    private static string? FindImage(string root, Annotated file)
    {
        string folder = Path.GetDirectoryName(file.Path)!, stem = Path.ChangeExtension(file.Path, null);
        string? stated = file.ImagePath is { Length: > 0 } path && !path.Contains('\0') ? Path.GetFullPath(Path.Combine(folder, path.Replace('\\', '/'))) : null;
        if (stated is not null && stated.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) && File.Exists(stated))
            return stated;
        return DataFolder.ImageExtensions.SelectMany(extension => (string[])[stem + extension, stem + extension.ToUpperInvariant()]).FirstOrDefault(File.Exists);
    }

    private sealed record Annotated(string Path, HashSet<string> Labels, string? ImagePath, Exception? Problem);
}
