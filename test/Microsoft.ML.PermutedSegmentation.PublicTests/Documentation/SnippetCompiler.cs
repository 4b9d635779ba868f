using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace PublicTests.Documentation;

/// <summary>
/// Compiles what the pages show, against the assemblies of this build. A block is the body of a method; what it takes for granted
/// (a context, a key, some data) are fields, which a block may hide with variables of its own. A block that uses args is a whole program of a web project,
/// which has to name all that is in scope.
/// </summary>
internal static partial class SnippetCompiler
{
    private const string TakenForGranted = """
        MLContext mlContext = null!;
        PermutationKey key = null!, newKey = null!;
        IDataView train = null!, test = null!, data = null!;
        ITransformer model = null!, plain = null!, locked = null!, unlocked = null!;
        IEstimator<ITransformer> pipeline = null!, pipelineWithFcn = null!;
        SegmentationWeights weights = null!;
        string path = "", imageFolder = "", maskFolder = "";
        string[] classes = [], classNames = [];
        MLImage image = null!;
        IReadOnlyDictionary<string, long[]> permutations = null!;
        int height = 0, width = 0;
        System.IO.Stream stream = null!;
        CancellationToken cancellationToken = default;
        """;

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest);

    private static readonly string[] Implicit = ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks"];

    private static readonly SyntaxTree
        Usings = Global([.. Implicit, "Microsoft.ML", "Microsoft.ML.Data", "Microsoft.ML.OnnxRuntime", "Microsoft.ML.PermutedSegmentation"]),
        WebUsings = Global([.. Implicit, "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Http", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection"]);

    // All that this application runs on, and so all that an application of ours can use.
    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>The compiler's errors, and its warnings of obsolete members, each with the page and the line.</summary>
    public static string[] Errors(CodeBlock block)
    {
        bool isProgram = block.Code.Any(line => line.Contains("(args)", StringComparison.Ordinal));
        string code = isProgram ? $"#line {block.Line} \"{block.Page}\"\n{string.Join('\n', block.Code)}" : Program(block);
        var compilation = CSharpCompilation.Create("Snippet", [isProgram ? WebUsings : Usings, CSharpSyntaxTree.ParseText(code, Language)], References,
            new CSharpCompilationOptions(isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        return [.. compilation.GetDiagnostics().Where(found => found.Severity == DiagnosticSeverity.Error || found.Id is "CS0612" or "CS0618").Select(Describe)];
    }

    private static SyntaxTree Global(string[] names) => CSharpSyntaxTree.ParseText(string.Concat(names.Select(name => $"global using {name};\n")), Language);

    private static string Program(CodeBlock block)
    {
        string[] usings = [.. block.Code.TakeWhile(line => line.Length == 0 || UsingDirective().IsMatch(line))];
        string body = string.Join('\n', block.Code.Skip(usings.Length)).TrimEnd();
        // A call shown by itself, as a part of a pipeline.
        string end = body.EndsWith(';') || body.EndsWith('}') ? "" : ";";
        return new StringBuilder($"#line {block.Line} \"{block.Page}\"\n").AppendJoin('\n', usings)
            .Append($"\n#line hidden\nclass Snippet\n{{\n{TakenForGranted}\nasync Task Run()\n{{\nawait Task.CompletedTask;\n#line {block.Line + usings.Length} \"{block.Page}\"\n{body}{end}\n#line hidden\n}}\n}}\n")
            .ToString();
    }

    private static string Describe(Diagnostic found)
    {
        FileLinePositionSpan at = found.Location.GetMappedLineSpan();
        return $"{at.Path}({at.StartLinePosition.Line + 1}): {found.Id}: {found.GetMessage()}";
    }

    [GeneratedRegex(@"^using [\w.]+;$")]
    private static partial Regex UsingDirective();
}
