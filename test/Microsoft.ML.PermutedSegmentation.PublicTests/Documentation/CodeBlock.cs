namespace PublicTests.Documentation;

/// <summary>A fenced block of code in a page.</summary>
/// <param name="Page">The page, from the root of the repository.</param>
/// <param name="Line">The line of the block's first line of code, from 1.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Code">The lines between the fences.</param>
internal sealed record CodeBlock(string Page, int Line, string Language, string[] Code)
{
    /// <summary>All blocks in a language, page by page.</summary>
    public static IEnumerable<CodeBlock> All(string language) => Repository.Pages.SelectMany(In).Where(block => block.Language == language);

    private static IEnumerable<CodeBlock> In(string page)
    {
        string[] lines = File.ReadAllLines(Repository.At(page));
        for (int start = 0; start < lines.Length; start++)
        {
            string line = lines[start].TrimStart();
            if (!line.StartsWith("```"))
                continue;
            int end = Array.FindIndex(lines, start + 1, candidate => candidate.Trim() == "```");
            if (end < 0)
                throw new InvalidDataException($"{page}({start + 1}): the block has no end.");
            yield return new CodeBlock(page, start + 2, line.TrimStart('`').Trim(), lines[(start + 1)..end]);
            start = end;
        }
    }
}
