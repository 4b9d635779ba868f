using System.Reflection;

namespace PublicTests.Documentation;

/// <summary>The source tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepositoryRoot").Value!);

    /// <summary>The pages for people: relative paths with slashes.</summary>
    public static IEnumerable<string> Pages { get; } =
    [
        .. Directory.GetFiles(Root, "*.md").Concat(Directory.GetFiles(At("docs"), "*.md", SearchOption.AllDirectories)).Concat(Directory.GetFiles(At("eng"), "*.md"))
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    public static string At(string path) => Path.Combine(Root, path);
}
