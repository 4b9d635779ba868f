namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Permutations as a key would give them, without a key.</summary>
internal static class RandomPermutations
{
    public static Dictionary<FeatureMaps, int[]> For(NetworkLayout layout, FeatureMaps maps, int seed) =>
        maps.Each().ToDictionary(map => map, map =>
        {
            int[] order = [.. Enumerable.Range(0, layout.Find(map).Channels)];
            new Random((seed * 10) + map.Number()).Shuffle(order);
            return order;
        });
}
