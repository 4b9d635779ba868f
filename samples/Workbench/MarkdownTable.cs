namespace Workbench;

/// <summary>A table in Markdown that can be read as text, too.</summary>
internal static class MarkdownTable
{
    /// <summary>Its lines: the first column to the left, numbers to the right.</summary>
    public static IEnumerable<string> Lines(string[] header, IEnumerable<string[]> rows)
    {
        List<string[]> all = [header, .. rows];
        var widths = header.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        var lines = all.Select(row => Line(row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))));
        var rule = Line(widths.Select((width, column) => new string('-', width - 1) + (column == 0 ? '-' : ':')));
        return lines.Take(1).Append(rule).Concat(lines.Skip(1));
    }

    /// <summary>Text from elsewhere, such as the name of a class, so that it stays what it is.</summary>
    public static string Escape(string text) => string.Concat(text.Select(c => c switch
    {
        '<' => "&lt;",
        '&' => "&amp;",
        _ when char.IsControl(c) => " ",
        _ when @"\`*_{}[]()#+!|~".Contains(c) => $"\\{c}",
        _ => $"{c}",
    }));

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
}
