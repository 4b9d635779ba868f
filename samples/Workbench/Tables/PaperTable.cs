namespace Workbench.Tables;

/// <summary>A table of the paper with our numbers.</summary>
/// <param name="FileName">The name of its files, without extension.</param>
/// <param name="Title">Its heading.</param>
/// <param name="NoKey">What the paper calls the condition without a key.</param>
/// <param name="Rows">Its rows.</param>
internal sealed record PaperTable(string FileName, string Title, string NoKey, IReadOnlyList<PaperRow> Rows)
{
    /// <summary>Table I: what each permuted feature map is worth.</summary>
    public static PaperTable I(TablesResult result) => new("table-1", "Table I: feature maps permuted with a key", "No-perm",
    [
        .. Enumerable.Range(1, 6).Select(map => Row(result, ModelPlan.PermutedName(map), $"{map} (Model-{map})")),
        Row(result, ModelPlan.AllMaps, "1 to 6 together"),
        Row(result, ModelPlan.Baseline, "Baseline"),
    ]);

    /// <summary>Table II: images encrypted block by block, beside Model-6 and the baseline.</summary>
    public static PaperTable II(TablesResult result) => new("table-2", "Table II: images encrypted block by block with a key", "Plain",
    [
        .. from encryption in ModelPlan.Methods
           from size in PaperResults.BlockSizes.Union(result.Models.Select(model => model.BlockSize).OfType<int>()).Order()
           select Row(result, ModelPlan.EncryptedName(encryption.Name, size), $"{encryption.Name}, {size} x {size}"),
        Row(result, ModelPlan.PermutedName(6), "Model-6 (Table I)"),
        Row(result, ModelPlan.Baseline, "Baseline"),
    ]);

    private static PaperRow Row(TablesResult result, string name, string label) =>
        new(label, result.Models.FirstOrDefault(model => model.Name == name), PaperResults.Find(name));
}

/// <summary>A row of a table.</summary>
/// <param name="Label">What the paper calls the model.</param>
/// <param name="Model">The model; null when it is not finished.</param>
/// <param name="Paper">The paper's numbers; null when it has none.</param>
internal sealed record PaperRow(string Label, ModelResult? Model, PaperScores? Paper);
