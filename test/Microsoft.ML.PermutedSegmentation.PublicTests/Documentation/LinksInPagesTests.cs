using System.Text.RegularExpressions;

namespace PublicTests.Documentation;

/// <summary>Pages link to files and headings that exist, and name source files that exist.</summary>
public sealed partial class LinksInPagesTests
{
    private static readonly string[] SourceFiles =
        [.. ((string[])["src", "samples", "test", "eng"]).SelectMany(folder => Directory.GetFiles(Repository.At(folder), "*.cs", SearchOption.AllDirectories)).Select(path => path.Replace('\\', '/'))];

    public static TheoryData<string> Pages => [.. Repository.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_lead_somewhere(string page)
    {
        string text = File.ReadAllText(Repository.At(page)), folder = Path.GetDirectoryName(Repository.At(page))!;
        string[] dead = [.. Link().Matches(text).Select(match => match.Groups["target"].Value).Where(target => !target.Contains("://")).Where(IsDead)];
        dead.Should().BeEmpty();

        bool IsDead(string target)
        {
            string[] parts = target.Split('#', 2);
            string path = parts[0].Length == 0 ? Repository.At(page) : Path.Combine(folder, parts[0]);
            return !Path.Exists(path) || (parts.Length == 2 && path.EndsWith(".md") && !Headings(path).Contains(parts[1]));
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Source_files_that_a_page_names_exist(string page)
    {
        string[] missing = [.. SourceFile().Matches(File.ReadAllText(Repository.At(page))).Select(match => match.Groups["path"].Value)
            .Where(path => !SourceFiles.Any(file => file.EndsWith($"/{path}")))];
        missing.Should().BeEmpty();
    }

    // As GitHub makes them: small letters, blanks become hyphens, other signs vanish.
    private static IEnumerable<string> Headings(string path) => File.ReadLines(path).Where(line => line.StartsWith('#'))
        .Select(line => NoWord().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<path>[\w./]+\.cs)`")]
    private static partial Regex SourceFile();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoWord();
}
