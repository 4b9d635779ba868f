using Microsoft.ML.PermutedSegmentation;

namespace Workbench;

/// <summary>What one wrong key scored.</summary>
internal sealed record KeyScore(double MeanIntersectionOverUnion, double MeanImageIntersectionOverUnion);

/// <summary>The scores of a model under many wrong keys: the paper's condition Incorrect.</summary>
internal sealed record KeySweep(IReadOnlyList<KeyScore> Keys)
{
    public static KeySweep Of(WrongKeyMetrics metrics) =>
        new([.. metrics.PerKey.Select(key => new KeyScore(key.MeanIntersectionOverUnion, key.MeanImageIntersectionOverUnion))]);

    public KeySpread MeanIntersectionOverUnion => KeySpread.Of([.. Keys.Select(key => key.MeanIntersectionOverUnion)]);

    public KeySpread MeanImageIntersectionOverUnion => KeySpread.Of([.. Keys.Select(key => key.MeanImageIntersectionOverUnion)]);
}
