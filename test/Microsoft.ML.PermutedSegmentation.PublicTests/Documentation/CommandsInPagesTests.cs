using System.Text.RegularExpressions;

namespace PublicTests.Documentation;

/// <summary>The commands in README.md and docs/ name options and files that exist.</summary>
public sealed partial class CommandsInPagesTests
{
    private static readonly Dictionary<string, string> Help = [];

    public static TheoryData<string> PagesWithCommands => [.. Shell().Select(block => block.Page).Distinct()];

    [Theory]
    [MemberData(nameof(PagesWithCommands))]
    public void Commands_in_pages_name_what_exists(string page)
    {
        string[] mistakes = [.. Shell().Where(block => block.Page == page).SelectMany(Commands).SelectMany(Mistakes)];
        mistakes.Should().BeEmpty();
    }

    [Fact]
    public void Mistakes_are_found()
    {
        Mistakes("permseg train --data here --no-such-option").Should().ContainSingle().Which.Should().Contain("--no-such-option");
        Mistakes("permseg dance --data here").Should().ContainSingle().Which.Should().Contain("dance");
        Mistakes("dotnet run --project samples/Nothing").Should().ContainSingle().Which.Should().Contain("samples/Nothing");
        Mistakes("rm -rf .").Should().ContainSingle();
        Mistakes("mpirun -np 2 permseg train --no-such-option").Should().ContainSingle();
        Mistakes("mpirun -np 2 other").Should().ContainSingle();
    }

    private static IEnumerable<CodeBlock> Shell() => CodeBlock.All("sh").Concat(CodeBlock.All("bash"));

    // One a line; a backslash at the end of one goes on in the next, and what follows # is for people.
    private static IEnumerable<string> Commands(CodeBlock block) =>
        string.Join('\n', block.Code).Replace("\\\n", " ").Split('\n').Select(line => Comment().Replace(line, "").Trim()).Where(line => line.Length > 0);

    private static IEnumerable<string> Mistakes(string command)
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // What it starts is what counts.
        if (words[0] == "mpirun")
            words = [.. words.SkipWhile(word => word != "permseg")];
        if (words is ["permseg", ..])
            return WorkbenchMistakes(command, words);
        if (words is ["dotnet" or "alias" or "git" or "curl" or "kill", ..])
            return words.Where(word => RepositoryPath().IsMatch(word) && !File.Exists(Repository.At(word)) && !Directory.Exists(Repository.At(word))).Select(path => $"'{command}' names {path}, which is not there.");
        return words.Length > 0 && File.Exists(Repository.At(words[0])) ? [] : [$"'{command}': nothing here knows {command.Split(' ')[0]}."];
    }

    private static IEnumerable<string> WorkbenchMistakes(string command, string[] words)
    {
        string help = HelpOf(words[1]);
        if (!help.Contains($"permseg {words[1]}"))
            return [$"'{command}': permseg has no command {words[1]}."];
        return words.Where(word => word.StartsWith("--") && !Regex.IsMatch(help, $@"{word}\b(?!-)")).Select(option => $"'{command}': permseg {words[1]} has no option {option}.");
    }

    private static string HelpOf(string command)
    {
        if (!Help.TryGetValue(command, out string? text))
            Help[command] = text = WorkbenchProcess.Run(command, "--help").Text;
        return text;
    }

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex Comment();

    // The sources; what a build or an earlier command makes is not there yet.
    [GeneratedRegex(@"^(src|samples|test|docs|eng)/[^*]*$(?<!\.dll"")")]
    private static partial Regex RepositoryPath();
}
