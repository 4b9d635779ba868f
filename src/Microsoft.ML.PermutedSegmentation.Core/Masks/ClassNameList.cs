namespace Microsoft.ML.PermutedSegmentation.Masks;

/// <summary>The names of the classes, in class order.</summary>
internal static class ClassNameList
{
    /// <summary>The classes of PASCAL VOC 2012, background first.</summary>
    public static IReadOnlyList<string> Voc { get; } =
    [
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
        "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ];

    /// <summary>Says what is wrong with a list of class names, or null when nothing is.</summary>
    public static string? FindProblem(IReadOnlyList<string> names)
    {
        if (names.Count is < 2 or > ClassPalette.MaximumClassCount)
            return $"There are {names.Count} class names; 2 to {ClassPalette.MaximumClassCount} are possible (255 is void).";
        var seen = new Dictionary<string, int>();
        for (int i = 0; i < names.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(names[i]))
                return $"The name of class {i} is empty.";
            if (!seen.TryAdd(names[i], i))
                return $"Classes {seen[names[i]]} and {i} have the same name '{names[i]}'.";
        }

        return null;
    }
}
