namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>A tensor as its file describes it, checked.</summary>
/// <param name="Name">Its name, short and without control characters.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its sizes; none for a scalar.</param>
internal abstract record TensorEntry(string Name, ElementType Type, long[] Shape)
{
    // Far above what any of the networks needs.
    private const int LongestName = 256;

    /// <summary>Why a name is refused; null if it is not. Messages quote names.</summary>
    public static string? FindProblem(string name) => name.Length is 0 or > LongestName || name.Any(char.IsControl)
        ? $"it has a tensor without a name, or with one of more than {LongestName} characters or with control characters."
        : null;
}
