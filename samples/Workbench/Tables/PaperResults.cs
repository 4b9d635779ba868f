namespace Workbench.Tables;

/// <summary>What the paper reports for a model: mean IoU per image.</summary>
/// <param name="Correct">With the key; for the baseline, without any.</param>
/// <param name="NoKey">Without a key: No-perm in Table I, Plain in Table II; null for the baseline.</param>
/// <param name="Incorrect">The mean over 100 wrong keys; null for the baseline.</param>
internal sealed record PaperScores(double Correct, double? NoKey, double? Incorrect);

/// <summary>The paper's Tables I and II.</summary>
internal static class PaperResults
{
    /// <summary>The block sizes of Table II.</summary>
    public static readonly IReadOnlyList<int> BlockSizes = [2, 4, 8, 16, 32];

    private static readonly Dictionary<string, PaperScores> Models = new()
    {
        ["baseline"] = new(0.5966, null, null),
        // Table I
        ["model-1"] = new(0.5290, 0.1678, 0.0356),
        ["model-2"] = new(0.4975, 0.3735, 0.0004),
        ["model-3"] = new(0.4520, 0.3799, 0.0001),
        ["model-4"] = new(0.5446, 0.4040, 0.0013),
        ["model-5"] = new(0.5759, 0.5328, 0.0000),
        ["model-6"] = new(0.5888, 0.1595, 0.0000),
        // Table II
        ["shf-2"] = new(0.5447, 0.5112, 0.4800),
        ["shf-4"] = new(0.4731, 0.4536, 0.3671),
        ["shf-8"] = new(0.3599, 0.3691, 0.2527),
        ["shf-16"] = new(0.2214, 0.1994, 0.1150),
        ["shf-32"] = new(0.1062, 0.0598, 0.0398),
        ["np-2"] = new(0.5143, 0.4370, 0.0529),
        ["np-4"] = new(0.4706, 0.3359, 0.1505),
        ["np-8"] = new(0.4094, 0.3838, 0.0771),
        ["np-16"] = new(0.3439, 0.2114, 0.0832),
        ["np-32"] = new(0.2928, 0.0499, 0.1239),
        ["ffx-2"] = new(0.4224, 0.0047, 0.0000),
        ["ffx-4"] = new(0.3823, 0.0157, 0.0012),
        ["ffx-8"] = new(0.3613, 0.0001, 0.0012),
        ["ffx-16"] = new(0.2611, 0.0007, 0.0079),
        ["ffx-32"] = new(0.1995, 0.0152, 0.0770),
    };

    /// <summary>The scores of the model with a <see cref="ModelResult.Name"/>; null when the paper has no such model.</summary>
    public static PaperScores? Find(string name) => Models.GetValueOrDefault(name);
}
