using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.PermutedSegmentation;

namespace Workbench.Tables;

/// <summary>The key of all models of a run. Anyone who knows the seed knows it: it protects nothing and is only for measuring.</summary>
internal static class TablesKey
{
    public static PermutationKey Create(int seed) =>
        PermutationKey.FromBytes(SHA256.HashData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"Workbench/tables/key/{seed}"))));
}
