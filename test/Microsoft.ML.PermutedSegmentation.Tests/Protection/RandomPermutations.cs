namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Permutations as a key would give them, without a key.</summary>
internal static class RandomPermutations
{
    public static Dictionary<PermutationPoint, int[]> For(FcnArchitecture architecture, FeatureMaps maps, int seed) =>
        PermutationPoints.For(architecture, maps).Select((entry, i) => (entry.Point, entry.Channels, i)).ToDictionary(entry => entry.Point, entry =>
        {
            int[] order = [.. Enumerable.Range(0, entry.Channels)];
            new Random((seed * 1000) + entry.i).Shuffle(order);
            return order;
        });

    /// <summary>Orders that change nothing.</summary>
    public static Dictionary<PermutationPoint, int[]> Identities(FcnArchitecture architecture, FeatureMaps maps) =>
        For(architecture, maps, seed: 0).ToDictionary(entry => entry.Key, entry => Enumerable.Range(0, entry.Value.Length).ToArray());
}
