using System.Globalization;

namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>The classes of a data set: their names, and the colors that RGB masks show them in.</summary>
internal sealed record ClassList(IReadOnlyList<string> Names, ClassPalette Palette)
{
    private const string LabelMap = "labelmap.txt";

    /// <summary>The files that may hold a data set's classes, the first one first. CVAT writes the second, labelme the third.</summary>
    public static IReadOnlyList<string> FileNames { get; } = ["classes.txt", LabelMap, "class_names.txt"];

    /// <summary>The 21 classes of VOC 2012.</summary>
    public static ClassList Voc { get; } = new(ClassNameList.Voc, ClassPalette.Voc);

    /// <summary>The first of these files that there is in a folder; null for none.</summary>
    public static string? FindFile(FolderIndex folder) =>
        FileNames.SelectMany(name => folder.Find([Path.GetFileNameWithoutExtension(name)], ".txt")).FirstOrDefault();

    /// <summary>Reads a file of classes: CVAT's where it is called labelmap.txt, otherwise one name a line.</summary>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The names are not 2 to 255 different ones, or colors are not as many different ones.</exception>
    public static ClassList Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file of class names '{path}'.", path);
        // A line left empty at the end is usual; one in the middle would shift the classes after it.
        string[] lines = ListFile.Read(path).TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        bool isLabelMap = Path.GetFileName(path).Equals(LabelMap, StringComparison.OrdinalIgnoreCase);
        ClassList list = isLabelMap ? ParseLabelMap(lines, path) : new ClassList(ParseNames(lines), ClassPalette.Voc);
        return ClassNameList.FindProblem(list.Names) is { } problem
            ? throw new InvalidDataException($"'{path}': {problem} It should have one {(isLabelMap ? "label" : "name")} per line, in class order.")
            : list;
    }

    // labelme's lists begin with the name of what its masks have as 255.
    private static string[] ParseNames(string[] lines) => lines is ["__ignore__", .. var names] ? names : lines;

    // Lines of name:red,green,blue:parts:actions. The label called background is class 0, wherever it stands.
    private static ClassList ParseLabelMap(string[] lines, string path)
    {
        var labels = lines.Select((line, i) => (Text: line, Number: i + 1)).Where(line => line.Text is not ("" or ['#', ..]))
            .Select(line => ParseLabel(line.Text, $"'{path}', line {line.Number}")).ToList();
        var ignored = labels.Find(label => label.Name == "ignored");
        labels.Remove(ignored);
        labels = [.. labels.Where(label => label.Name == "background"), .. labels.Where(label => label.Name != "background")];
        string[] names = [.. labels.Select(label => label.Name)];
        if (labels.TrueForAll(label => label.Color is null))
            return new ClassList(names, ClassPalette.Voc);
        if (labels.Find(label => label.Color is null) is { Name: { } colorless })
            throw new InvalidDataException($"'{path}': the label '{colorless}' has no color, while others have one.");
        try
        {
            return new ClassList(names, ClassPalette.FromColors([.. labels.Select(label => label.Color!.Value)], ignored.Color));
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"'{path}': {exception.Message}", exception);
        }
    }

    private static (string Name, (byte Red, byte Green, byte Blue)? Color) ParseLabel(string text, string line)
    {
        string[] fields = text.Split(':', StringSplitOptions.TrimEntries);
        if (fields.Length == 1 || fields[1].Length == 0)
            return (fields[0], null);
        if (fields[1].Split(',') is [var red, var green, var blue] && TryParse(red, out byte r) && TryParse(green, out byte g) && TryParse(blue, out byte b))
            return (fields[0], (r, g, b));
        throw new InvalidDataException($"{line}: '{text}' is not a label; expected name:red,green,blue:parts:actions, with colors from 0 to 255.");

        static bool TryParse(string number, out byte value) => byte.TryParse(number, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out value);
    }
}
