using System.Numerics;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>Feature maps one by one, and by the numbers that the paper's Table I and the key derivation give them: 1 to 6.</summary>
public static class FeatureMapsExtensions
{
    /// <summary>The maps of a combination one by one, in the order of the network.</summary>
    /// <param name="maps">Any combination; None has no map.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are bits that stand for no map.</exception>
    public static IReadOnlyList<FeatureMaps> Each(this FeatureMaps maps)
    {
        if ((maps & ~FeatureMaps.All) != 0)
            throw new ArgumentOutOfRangeException(nameof(maps), maps, $"There are only {PermutationKey.FeatureMapCount} feature maps.");
        return [.. Enumerable.Range(1, PermutationKey.FeatureMapCount).Select(FromNumber).Where(map => maps.HasFlag(map))];
    }

    /// <summary>The numbers of the maps of a combination, in the order of the network.</summary>
    /// <param name="maps">Any combination; None has no map.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are bits that stand for no map.</exception>
    public static IReadOnlyList<int> Numbers(this FeatureMaps maps) => [.. maps.Each().Select(map => map.Number())];

    /// <summary>The number of a single map.</summary>
    /// <param name="map">One map.</param>
    /// <exception cref="ArgumentException"><paramref name="map"/> is not exactly one map.</exception>
    public static int Number(this FeatureMaps map) => BitOperations.IsPow2((int)map) && (map & ~FeatureMaps.All) == 0
        ? BitOperations.Log2((uint)map) + 1
        : throw new ArgumentException($"Exactly one feature map is expected, not '{map}'.", nameof(map));

    /// <summary>The map that has a number.</summary>
    /// <param name="number">1, after the stem, to 6, in the head.</param>
    /// <exception cref="ArgumentOutOfRangeException">No map has that number.</exception>
    public static FeatureMaps FromNumber(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, PermutationKey.FeatureMapCount);
        return (FeatureMaps)(1 << (number - 1));
    }

    /// <summary>Checks what a key permutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No map is chosen, or there are bits that stand for none.</exception>
    internal static void CheckForKey(this FeatureMaps maps, string parameterName)
    {
        if (maps == FeatureMaps.None || (maps & ~FeatureMaps.All) != 0)
            throw new ArgumentOutOfRangeException(parameterName, maps, "At least one of the six feature maps must be chosen for the key.");
    }
}
