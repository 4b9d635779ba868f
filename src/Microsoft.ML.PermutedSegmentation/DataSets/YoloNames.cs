using System.Globalization;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>The names of classes in YOLO's data.yaml, or in classes.txt.</summary>
internal static class YoloNames
{
    /// <summary>The file with the names; null for none.</summary>
    public static string? FindFile(DataFolder folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder.Path).Where(file => Path.GetExtension(file).ToLowerInvariant() is ".yaml" or ".yml").Order(StringComparer.Ordinal)];
        return files.FirstOrDefault(file => ListFile.Read(file).Split('\n').Any(line => line.StartsWith("names:", StringComparison.Ordinal)))
            ?? folder.Index.Find(["classes"], ".txt").FirstOrDefault();
    }

    /// <summary>Reads the names, of a YAML file the entry <c>names</c>: a list in brackets or with dashes, or numbers with names.</summary>
    /// <exception cref="InvalidDataException">They cannot be read, or their numbers have gaps.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        string[] lines = ListFile.Read(path).Split('\n');
        if (Path.GetExtension(path).Equals(".txt", StringComparison.OrdinalIgnoreCase))
            return [.. string.Join('\n', lines).TrimEnd().Split('\n', StringSplitOptions.TrimEntries)];
        int start = Array.FindIndex(lines, line => line.StartsWith("names:", StringComparison.Ordinal));
        string first = WithoutComment(lines[start]["names:".Length..]);
        return first.Length > 0 ? ReadInline(first, lines, start, path) : ReadBlock(lines, start, path);
    }

    // names: [a, b], perhaps over several lines, or names: {0: a, 1: b}
    private static IReadOnlyList<string> ReadInline(string text, string[] lines, int start, string path)
    {
        char end = text[0] switch { '[' => ']', '{' => '}', _ => throw Bad(path, start, "the names should be in brackets or one on a line") };
        for (int i = start + 1; !text.Contains(end) && i < lines.Length; i++)
            text += WithoutComment(lines[i]);
        if (!text.Contains(end))
            throw Bad(path, start, $"the names have no closing {end}");
        string[] items = [.. text[1..text.IndexOf(end)].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        return end == ']' ? [.. items.Select(Unquote)] : ByNumber(items.Select(item => (item, start)), path);
    }

    private static IReadOnlyList<string> ReadBlock(string[] lines, int start, string path)
    {
        var items = lines.Select((line, i) => (Text: line, Line: i)).Skip(start + 1)
            .Where(item => WithoutComment(item.Text).Length > 0)
            .TakeWhile(item => char.IsWhiteSpace(item.Text[0]) || item.Text[0] == '-').Select(item => (WithoutComment(item.Text), item.Line)).ToList();
        return items.Count > 0 && items.TrueForAll(item => item.Item1[0] == '-') ? [.. items.Select(item => Unquote(item.Item1[1..].Trim()))] : ByNumber(items, path);
    }

    private static IReadOnlyList<string> ByNumber(IEnumerable<(string Text, int Line)> items, string path)
    {
        var names = new SortedDictionary<int, string>();
        foreach (var (text, line) in items)
        {
            int colon = text.IndexOf(':');
            if (colon < 1 || !int.TryParse(Unquote(text[..colon].Trim()), NumberStyles.None, CultureInfo.InvariantCulture, out int number) || !names.TryAdd(number, Unquote(text[(colon + 1)..].Trim())))
                throw Bad(path, line, $"'{text}' is not a number with a name, such as 0: person");
        }
        return names.Count > 0 && names.Keys.Last() == names.Count - 1 ? [.. names.Values]
            : throw new InvalidDataException($"'{path}': the numbers of the names are {string.Join(", ", names.Keys.Take(20))}; they should be 0, 1, 2 and so on.");
    }

    private static string Unquote(string text) => text is ['"', .., '"'] or ['\'', .., '\''] ? text[1..^1] : text;

    private static string WithoutComment(string line)
    {
        int comment = line.TrimStart().StartsWith('#') ? 0 : line.IndexOf(" #", StringComparison.Ordinal);
        return (comment < 0 ? line : line[..comment]).Trim();
    }

    private static InvalidDataException Bad(string path, int line, string problem) => new($"'{path}', line {line + 1}: {problem}.");
}
