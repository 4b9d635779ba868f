using System.Text;
using System.Xml.Linq;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>References only go down: what each folder may use is what stands above it in one list.</summary>
public sealed class DependencyTests
{
    // Lowest first. "" is the root of the product, where its catalogs are.
    private static readonly string[] Order =
    [
        "Core/Lifetime", "Core/Distribution", "Core/Files", "Core/Keys", "Core/Networks", "Core/Protection", "Core/Images", "Core/Masks", "Core/Metrics", "Core/Models", "Core/SlidingWindows",
        "Images",
        "Mpi",
        "Hosting/Serving", "Hosting/Keys", "Hosting",
        "Tensors", "Hooks", "MLNet", "Winograd", "Torch", "Data", "DataSets", "Scoring", "Prediction", "Models", "Training", "Evaluation", "",
        "Onnx/AnyModel", "Onnx/Running", "Onnx/Quantization", "Onnx", "OnnxTransforms", "Pretrained",
        "Research/BlockTransforms", "Research/LiteralStarts", "Research/AccessControl", "Research/Attacks", "Research",
    ];

    private static readonly SourceFolders Sources = SourceFolders.Read();

    [Fact]
    public void A_folder_uses_only_folders_below_it()
    {
        var upward = from use in Sources.Uses()
                     where RankOf(use.Folder) < RankOf(use.UsedFolder)
                     select $"{use.File} uses {use.Type} of '{use.UsedFolder}', which is above '{use.Folder}'";
        Assert.Empty(upward);
    }

    [Fact]
    public void No_two_folders_use_each_other()
    {
        ILookup<string, string> uses = Sources.Uses().Select(use => (use.Folder, use.UsedFolder)).Distinct().ToLookup(use => use.Folder, use => use.UsedFolder);
        foreach (string folder in uses.Select(group => group.Key))
            Assert.False(Reaches(uses[folder], folder, []), $"'{folder}' uses itself by way of others.\n{Matrix(uses)}");

        bool Reaches(IEnumerable<string> from, string goal, HashSet<string> seen) =>
            from.Any(folder => folder == goal || (seen.Add(folder) && Reaches(uses[folder], goal, seen)));
    }

    [Fact]
    public void The_core_knows_neither_libtorch_nor_MLNet()
    {
        XDocument project = XDocument.Load(Path.Combine(Sources.Root, $"{SourceFolders.Product}.Core", $"{SourceFolders.Product}.Core.csproj"));
        string[] references =
        [
            .. project.Descendants().Where(element => element.Name.LocalName.EndsWith("Reference", StringComparison.Ordinal)).Select(element => element.Attribute("Include")!.Value),
            .. typeof(PermutationKey).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!),
        ];
        Assert.NotEmpty(references);
        Assert.DoesNotContain(references, name => name.Contains("TorchSharp", StringComparison.OrdinalIgnoreCase) || name.Contains("Microsoft.ML", StringComparison.Ordinal));
    }

    [Fact]
    public void An_internal_type_has_the_namespace_of_its_folder()
    {
        var others = from type in Sources.Types()
                     // What .NET knows by name has .NET's.
                     where !type.IsPublic && type.Namespace != "System.Runtime.CompilerServices" && type.Namespace != type.Expected
                     select $"{type.File}: {type.Namespace}.{type.Name}";
        Assert.Empty(others);
    }

    private static int RankOf(string folder)
    {
        int rank = Array.IndexOf(Order, folder);
        Assert.True(rank >= 0, $"The folder '{folder}' has no place in the order.");
        return rank;
    }

    private static string Matrix(ILookup<string, string> uses)
    {
        var text = new StringBuilder();
        foreach (var group in uses.OrderBy(group => RankOf(group.Key)))
            text.AppendLine($"{group.Key} -> {string.Join(", ", group.OrderBy(RankOf))}");
        return text.ToString();
    }
}
