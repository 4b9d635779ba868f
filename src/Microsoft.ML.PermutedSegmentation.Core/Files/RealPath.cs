namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>What a name of a file or folder stands for, however it is spelled.</summary>
public static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>The absolute path without links: neither the last name nor a folder before it is one. Names that do not exist stay as they are.</summary>
    /// <param name="path">Any path.</param>
    /// <exception cref="IOException">The links form a circle.</exception>
    public static string Of(string path)
    {
        string full = Path.GetFullPath(path);
        string real = Path.GetPathRoot(full)!;
        var names = new Stack<string>(Names(full[real.Length..]).Reverse());
        int links = 0;
        while (names.TryPop(out string? name))
        {
            // Here a folder is what it is, not where a link to it lies.
            if (name == "..")
                real = Path.GetDirectoryName(real) ?? real;
            else if (new FileInfo(Path.Combine(real, name)).LinkTarget is not { } target)
                real = Path.Combine(real, name);
            else if (++links > MostLinks)
                throw new IOException($"'{path}' is a link that leads nowhere: there are more than {MostLinks} links on the way.");
            else
            {
                string root = Path.IsPathRooted(target) ? Path.GetPathRoot(target)! : "";
                real = root.Length > 0 ? root : real;
                foreach (string part in Names(target[root.Length..]).Reverse())
                    names.Push(part);
            }
        }
        return real;
    }

    /// <summary>Whether two real paths are those of one file or folder, which on some systems may be spelled in capitals, too.</summary>
    /// <param name="real">One.</param>
    /// <param name="other">The other.</param>
    public static bool AreSame(string real, string other) =>
        real == other || (real.Equals(other, StringComparison.OrdinalIgnoreCase) && Path.Exists(real) && Path.Exists(other) && AsListed(real) == AsListed(other));

    // Every name as its folder lists it.
    private static string AsListed(string real)
    {
        string listed = Path.GetPathRoot(real)!;
        foreach (string name in Names(real[listed.Length..]))
        {
            string[] alike = [.. Directory.EnumerateFileSystemEntries(listed).Select(entry => Path.GetFileName(entry)).Where(entry => entry.Equals(name, StringComparison.OrdinalIgnoreCase))];
            listed = Path.Combine(listed, alike.Contains(name) || alike.Length == 0 ? name : alike[0]);
        }
        return listed;
    }

    private static IEnumerable<string> Names(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".");
}
