using Microsoft.ML.PermutedSegmentation;
using Workbench.Tables;

namespace Workbench.Report;

/// <summary>What models and methods are called in the report.</summary>
internal static class ModelNames
{
    /// <summary>The name as the paper writes it: Model-6, Baseline, SHF with block size 4.</summary>
    public static string Title(this ModelResult model) => model.Method is { } method
        ? $"{Find(method).Name}, block size {model.BlockSize}"
        : Title(model.Name);

    /// <summary>The name of a model without encryption, perhaps not one that was run.</summary>
    public static string Title(string name) => name.Length == 0 ? name : char.ToUpperInvariant(name[0]) + name[1..];

    /// <summary>The models by what protects them: permuted maps and the baseline first, then one group a method.</summary>
    public static IEnumerable<(string Title, IReadOnlyList<ModelResult> Models)> ByMethod(IEnumerable<ModelResult> models) =>
        from model in models
        group model by model.Method into sameMethod
        orderby sameMethod.Key
        select (sameMethod.Key is { } method ? $"{Find(method).Name}: {Find(method).Meaning}" : "Permuted feature maps", (IReadOnlyList<ModelResult>)[.. sameMethod]);

    private static (string Name, BlockTransformMethod Method, string Meaning) Find(BlockTransformMethod method) =>
        ModelPlan.Methods.Single(known => known.Method == method);
}
