using System.Globalization;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>The ADE20K challenge (ADEChallengeData2016): images and annotations, each with training and validation; 150 classes from 1 on, 0 is void.</summary>
internal static class Ade20KLayout
{
    private const int ClassCount = 150;
    private const string NamesFile = "objectInfo150.txt";

    public static DataSource? TryOpen(DataFolder folder)
    {
        if (DataFolder.FindFolder(folder.Path, "images") is not { } images || DataFolder.FindFolder(folder.Path, "annotations") is not { } masks
            || DataFolder.FindFolder(images, "training") is null || DataFolder.FindFolder(masks, "training") is null)
            return null;
        var notes = new List<SegmentationDataProblem>();
        var classes = folder.WithPalette(ReadClasses(folder, notes), folder.Path);
        byte?[] classOf = [.. Enumerable.Range(0, 256).Select(value => value == 0 ? ClassPalette.VoidClass : value <= classes.Names.Count ? (byte?)(value - 1) : null)];
        var entries = new FolderPair(images, masks, Split: null).Match(notes)
            .Select(pair => pair.Entry.Mask is StoredMask mask ? (pair.List, pair.Entry with { Mask = new RenumberedMask(mask.Path, classOf) }) : pair).ToList();
        return DataSource.Of(SegmentationLayout.Ade20K, "ADE20K", classes, entries, notes);
    }

    private static ClassList ReadClasses(DataFolder folder, List<SegmentationDataProblem> notes)
    {
        if (folder.ReadClasses() is { } given)
            return given.Classes;
        if (folder.Index.Find([Path.GetFileNameWithoutExtension(NamesFile)], ".txt").FirstOrDefault() is { } file)
            return new ClassList(ReadNames(file), ClassPalette.Voc);
        notes.Add(new SegmentationDataProblem(folder.Path, $"There is no {NamesFile} or classes.txt in '{folder.Path}': the {ClassCount} classes have numbers for names.", StopsTraining: false));
        return new ClassList([.. Enumerable.Range(1, ClassCount).Select(number => $"class {number}")], ClassPalette.Voc);
    }

    // Lines of number, shares and counts, and names with commas between them, with tabs between the columns.
    private static string[] ReadNames(string file)
    {
        string[] names = [.. ListFile.Read(file).Split('\n').Select(line => line.Split('\t', StringSplitOptions.TrimEntries))
            .Where(columns => columns.Length > 1 && int.TryParse(columns[0], CultureInfo.InvariantCulture, out _)).Select(columns => columns[^1].Split(',')[0].Trim())];
        string[] unique = [.. names.Select((name, i) => Array.IndexOf(names, name) == i ? name : $"{name} ({i + 1})")];
        return ClassNameList.FindProblem(unique) is { } problem ? throw new InvalidDataException($"'{file}': {problem}") : unique;
    }
}
