using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>Chooses validation images by a seed and their names alone, so that the choice is the same on every system.</summary>
internal static class SeededSplit
{
    private const int OneOf = 5;

    /// <summary>The names of the fifth whose hashes are lowest, rounded, of two or more at least one.</summary>
    public static HashSet<string> ValidationNames(IReadOnlyCollection<string> names, int seed)
    {
        int count = names.Count < 2 ? 0 : Math.Max(1, (names.Count + OneOf / 2) / OneOf);
        return [.. names.OrderBy(name => Hash(name, seed), StringComparer.Ordinal).Take(count)];
    }

    private static string Hash(string name, int seed) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed}/{FolderIndex.Compose(name)}"))));
}
