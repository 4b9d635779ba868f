namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>What a folder was found to be, and what it holds. Nothing of its images and masks has been read.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="Description">The same, for people: one sentence's end.</param>
/// <param name="Classes">The names of the classes, and their colors.</param>
/// <param name="ListNames">The lists that it has.</param>
/// <param name="Read">Reads a list, with masks or without.</param>
/// <param name="Notes">What is not right with the folder, and stops nothing.</param>
internal sealed record DataSource(
    SegmentationLayout Layout,
    string Description,
    ClassList Classes,
    IReadOnlyList<string> ListNames,
    Func<string, bool, IReadOnlyList<DataEntry>> Read,
    IReadOnlyList<SegmentationDataProblem> Notes)
{
    /// <summary>Of entries that are known already.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="description">The same, for people.</param>
    /// <param name="classes">The classes.</param>
    /// <param name="entries">All entries, each with the list it is in.</param>
    /// <param name="notes">What is not right.</param>
    public static DataSource Of(
        SegmentationLayout layout, string description, ClassList classes, IEnumerable<(string List, DataEntry Entry)> entries, IReadOnlyList<SegmentationDataProblem> notes)
    {
        var lists = entries.GroupBy(pair => pair.List, pair => pair.Entry)
            .ToDictionary(list => list.Key, IReadOnlyList<DataEntry> (list) => [.. list.OrderBy(entry => entry.Name, StringComparer.Ordinal)]);
        return new DataSource(layout, description, classes, [.. lists.Keys.Order(StringComparer.Ordinal)],
            (list, masks) => masks ? lists[list] : [.. lists[list].Select(entry => entry with { Mask = null })], notes);
    }
}
