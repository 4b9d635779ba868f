namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Keys that are the same in every run, so that what a test measures with one does not change by chance of the key.</summary>
internal static class TestKeys
{
    /// <summary>A key that no test protects a model with.</summary>
    public static PermutationKey Wrong() => PermutationKey.FromBytes([.. Enumerable.Range(1, 32).Select(i => (byte)(13 * i))]);
}
