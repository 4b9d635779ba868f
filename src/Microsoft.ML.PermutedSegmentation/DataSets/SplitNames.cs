using System.Text.RegularExpressions;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>Names of lists and of the folders that stand for them.</summary>
internal static partial class SplitNames
{
    /// <summary>The list of data that has none.</summary>
    public const string All = "all";

    public const string Training = "train", Validation = "val";

    public static bool IsSplit(string name) => SplitName().IsMatch(name);

    public static bool IsTraining(string name) => TrainingName().IsMatch(name);

    public static bool IsValidation(string name) => ValidationName().IsMatch(name);

    /// <summary>The split that a path of names, with <c>/</c>, begins with; <see cref="All"/> when it begins with none.</summary>
    public static string Of(string name) => name.Split('/') is [var first, _, ..] && IsSplit(first) ? first : All;

    [GeneratedRegex(@"^(train|training|val|valid|validation|test|testing)\d*$", RegexOptions.IgnoreCase)]
    private static partial Regex SplitName();

    [GeneratedRegex(@"^train(ing)?\d*$", RegexOptions.IgnoreCase)]
    private static partial Regex TrainingName();

    [GeneratedRegex(@"^val(id|idation)?\d*$", RegexOptions.IgnoreCase)]
    private static partial Regex ValidationName();
}
