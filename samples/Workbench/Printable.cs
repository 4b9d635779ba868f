namespace Workbench;

/// <summary>Lines with names from files in them. A stranger's file must not be able to steer the terminal.</summary>
internal static class Printable
{
    /// <summary>Writes a line.</summary>
    public static void WriteLine(string line) => Console.WriteLine(Of(line));

    /// <summary>Writes a line to the error stream.</summary>
    public static void WriteError(string line) => Console.Error.WriteLine(Of(line));

    /// <summary>A text without characters that steer a terminal.</summary>
    public static string Of(string text) => string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '?' : c));
}
