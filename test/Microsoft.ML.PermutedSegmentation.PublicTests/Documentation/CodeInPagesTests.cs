namespace PublicTests.Documentation;

/// <summary>The C# in README.md and docs/ is compiled.</summary>
public sealed class CodeInPagesTests
{
    public static TheoryData<string> PagesWithCode => [.. CodeBlock.All("csharp").Select(block => block.Page).Distinct()];

    [Theory]
    [MemberData(nameof(PagesWithCode))]
    public void Code_in_pages_compiles(string page)
    {
        string[] errors = [.. CodeBlock.All("csharp").Where(block => block.Page == page).SelectMany(SnippetCompiler.Errors)];
        errors.Should().BeEmpty();
    }

    [Fact]
    public void Mistakes_are_found_where_they_are()
    {
        CodeBlock Block(params string[] code) => new("page.md", 10, "csharp", code);
        SnippetCompiler.Errors(Block("using Microsoft.ML;", "", "using var mine = PermutationKey.Generate();", "mlContext.Segmentation().Unlock(model, mine)")).Should().BeEmpty();
        SnippetCompiler.Errors(Block("using Microsoft.ML;", "", "mlContext.Segmentation().Unluck(model, key);")).Should().ContainSingle().Which.Should().StartWith("page.md(12): CS1061");
        SnippetCompiler.Errors(Block("using Microsoft.MLL;")).Should().ContainSingle().Which.Should().StartWith("page.md(10): CS0234");
    }

    [Fact]
    public void No_code_goes_by_another_name_and_so_unnoticed()
    {
        CodeBlock.All("csharp").Should().HaveCountGreaterThan(5);
        CodeBlock.All("cs").Concat(CodeBlock.All("c#")).Concat(CodeBlock.All("C#")).Should().BeEmpty();
    }
}
