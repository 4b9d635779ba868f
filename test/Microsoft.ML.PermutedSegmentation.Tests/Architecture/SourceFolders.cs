using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>The folders under src, and the folders whose types their code uses; what comments say does not count.</summary>
internal sealed class SourceFolders
{
    /// <summary>What every assembly's name begins with.</summary>
    public const string Product = "Microsoft.ML.PermutedSegmentation";

    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private readonly CSharpCompilation _compilation;

    private SourceFolders(string root, CSharpCompilation compilation) => (Root, _compilation) = (root, compilation);

    /// <summary>The folder src.</summary>
    public string Root { get; }

    /// <summary>The sources of all projects, as one program: internals of each are seen by all.</summary>
    public static SourceFolders Read()
    {
        string root = Path.Combine(FindRepository(AppContext.BaseDirectory), "src");
        string[] files = [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Where(file => !IsBuilt(root, file))];
        SyntaxTree[] trees = [.. files.Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file))];
        IEnumerable<string> namespaces = trees.SelectMany(tree => tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>()).Select(space => space.Name.ToString());
        string usings = ImplicitUsings + string.Concat(namespaces.Distinct().Select(space => $"\nglobal using {space};"));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable);
        return new SourceFolders(root, CSharpCompilation.Create("All", [.. trees, CSharpSyntaxTree.ParseText(usings)], References(), options));
    }

    /// <summary>Each use of a type of another folder: the file that uses it, its folder, the type, and the type's folder.</summary>
    public IEnumerable<(string File, string Folder, string Type, string UsedFolder)> Uses() =>
        from tree in SourceTrees()
        let folder = FolderOf(tree)
        from type in TypesIn(tree)
        from declaration in type.DeclaringSyntaxReferences
        let used = FolderOf(declaration.SyntaxTree)
        where used != folder
        select (Path.GetRelativePath(Root, tree.FilePath), folder, type.Name, used);

    /// <summary>The types that stand by themselves: the file, the namespace that its folder has, their own, the name, and whether it is public.</summary>
    public IEnumerable<(string File, string Expected, string Namespace, string Name, bool IsPublic)> Types() =>
        from tree in SourceTrees()
        from type in tree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
        where type.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax
        let space = (type.Parent as BaseNamespaceDeclarationSyntax)?.Name.ToString() ?? ""
        select (Path.GetRelativePath(Root, tree.FilePath), NamespaceOf(tree), space, type.Identifier.Text, type.Modifiers.Any(SyntaxKind.PublicKeyword));

    // All that a name in the code stands for, and what its members are members of.
    private HashSet<INamedTypeSymbol> TypesIn(SyntaxTree tree)
    {
        SemanticModel model = _compilation.GetSemanticModel(tree);
        var types = new HashSet<INamedTypeSymbol>(SymbolEqualityComparer.Default);
        foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
        {
            SymbolInfo info = model.GetSymbolInfo(name);
            if ((info.Symbol ?? info.CandidateSymbols.FirstOrDefault()) is not { } symbol)
                continue;
            INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
            // Blocks of extension members are types without a name of their own.
            while (type?.ContainingType is { } outer)
                type = outer;
            if (type?.OriginalDefinition is { DeclaringSyntaxReferences.Length: > 0 } declared)
                types.Add(declared);
        }
        return types;
    }

    /// <summary>A folder's name: that of its project without what all have in common, and the folder in it; what is below that is part of it.</summary>
    private string FolderOf(SyntaxTree tree)
    {
        string[] parts = Path.GetRelativePath(Root, tree.FilePath).Split(Path.DirectorySeparatorChar);
        return $"{parts[0][Product.Length..].TrimStart('.')}/{(parts.Length > 2 ? parts[1] : "")}".Trim('/');
    }

    private string NamespaceOf(SyntaxTree tree)
    {
        string[] folders = Path.GetDirectoryName(Path.GetRelativePath(Root, tree.FilePath))!.Split(Path.DirectorySeparatorChar);
        // The project of the images, which has no folders, has the namespace of those in the core.
        return string.Join('.', [folders[0] == $"{Product}.Images" ? folders[0] : Product, .. folders.Skip(1).Take(1)]);
    }

    private IEnumerable<SyntaxTree> SourceTrees() => _compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0);

    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(path => !Path.GetFileName(path).StartsWith(Product, StringComparison.Ordinal))
        .Select(path => MetadataReference.CreateFromFile(path));

    private static bool IsBuilt(string root, string file) =>
        Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar)[1] is "bin" or "obj";

    private static string FindRepository(string folder) =>
        File.Exists(Path.Combine(folder, "PermutedSegmentation.sln")) ? folder : FindRepository(Path.GetDirectoryName(folder.TrimEnd(Path.DirectorySeparatorChar))!);
}
