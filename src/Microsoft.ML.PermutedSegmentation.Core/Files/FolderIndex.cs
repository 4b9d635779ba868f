using System.Text;
using ADRaffy.ENSNormalize;

namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>
/// Finds the files that a list names, which may have been written on another system: in another case, or in another Unicode
/// form (a Mac stores a letter and its dots where others store one character). The names in a folder are read once.
/// </summary>
internal sealed class FolderIndex(string root)
{
    private readonly Dictionary<string, (ILookup<string, string> Files, ILookup<string, string> Folders)> _folders = [];

    /// <summary>The parts of a name, with both separators on every system. Null for a name that leaves its folder, or is none.</summary>
    public static string[]? Split(string name)
    {
        string[] parts = [.. name.Split('/', '\\').Where(part => part is not ("" or "."))];
        return Path.IsPathRooted(name) || name.StartsWith('\\') || parts.Contains("..") || parts.Length == 0 ? null : parts;
    }

    /// <summary>
    /// The files that match best: of exactly this name, or else of the same name in another Unicode form, or else also in
    /// another case.
    /// </summary>
    /// <param name="parts">Names of folders and, last, of the file, without its extension.</param>
    /// <param name="extensions">The extensions that it may have, each with its point.</param>
    /// <returns>Paths; more than one where the name is ambiguous.</returns>
    public string[] Find(IReadOnlyList<string> parts, params IEnumerable<string> extensions)
    {
        IEnumerable<string> folders = [root];
        foreach (string part in parts.SkipLast(1))
            folders = [.. folders.SelectMany(folder => Best(folder, Names(folder).Folders, [part]))];
        return [.. folders.SelectMany(folder => Best(folder, Names(folder).Files, extensions.Select(extension => parts[^1] + extension)))];
    }

    private (ILookup<string, string> Files, ILookup<string, string> Folders) Names(string folder)
    {
        if (!_folders.TryGetValue(folder, out var names))
            _folders[folder] = names = (Index(Directory.EnumerateFiles(folder)), Index(Directory.EnumerateDirectories(folder)));
        return names;
    }

    private static ILookup<string, string> Index(IEnumerable<string> paths) =>
        paths.Select(path => Path.GetFileName(path)).ToLookup(Decompose, StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> Best(string folder, ILookup<string, string> names, IEnumerable<string> wanted)
    {
        var matches = wanted.SelectMany(want => names[Decompose(want)].Select(name => (Path: Path.Combine(folder, name), Distance: Distance(name, want))));
        return matches.GroupBy(match => match.Distance, match => match.Path).MinBy(group => group.Key) ?? Enumerable.Empty<string>();
    }

    private static int Distance(string name, string wanted) =>
        name == wanted ? 0 : Decompose(name) == Decompose(wanted) ? 1 : 2;

    /// <summary>The name in the Unicode form that most systems but a Mac store, so that it is the same on all of them.</summary>
    public static string Compose(string name) => Ascii.IsValid(name) ? name : ENSNormalize.NF.NFC(name);

    // Not string.Normalize: it gives its argument back in applications with InvariantGlobalization.
    private static string Decompose(string name) => Ascii.IsValid(name) ? name : ENSNormalize.NF.NFD(name);
}
