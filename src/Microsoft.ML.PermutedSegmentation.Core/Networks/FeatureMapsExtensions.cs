using System.Numerics;

namespace Microsoft.ML.PermutedSegmentation.Networks;

/// <summary>Takes a combination of feature maps apart.</summary>
internal static class FeatureMapsExtensions
{
    /// <summary>The maps of a combination one by one, in the order of the network.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are bits that stand for no map.</exception>
    public static IReadOnlyList<FeatureMaps> Each(this FeatureMaps maps)
    {
        if ((maps & ~FeatureMaps.All) != 0)
            throw new ArgumentOutOfRangeException(nameof(maps), maps, "There are only six feature maps.");
        return [.. Enumerable.Range(0, 6).Select(i => (FeatureMaps)(1 << i)).Where(map => maps.HasFlag(map))];
    }

    /// <summary>Checks what a key shall permute.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No map is chosen, or there are bits that stand for none.</exception>
    public static void CheckForKey(this FeatureMaps maps, string parameterName)
    {
        if (maps == FeatureMaps.None || (maps & ~FeatureMaps.All) != 0)
            throw new ArgumentOutOfRangeException(parameterName, maps, "At least one of the six feature maps must be chosen for the key.");
    }

    /// <summary>The number, 1 to 6, that the paper's Table I and the key derivation give to a single map.</summary>
    /// <exception cref="ArgumentException"><paramref name="map"/> is not exactly one map.</exception>
    public static int Number(this FeatureMaps map) => map.Each().Count == 1
        ? BitOperations.Log2((uint)map) + 1
        : throw new ArgumentException($"Exactly one feature map is expected, not '{map}'.", nameof(map));
}
